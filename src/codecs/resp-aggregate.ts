import { RespAttributed, RespPush, RespType, type RespValue } from './resp-values.js';

/** An array, map, set, push or attribute whose items have not all arrived. */
export class OpenAggregate {
  readonly parent: OpenAggregate | null;
  readonly depth: number;
  readonly items: RespValue[] = [];
  /** How many items are still to come. */
  missing: number;
  readonly #type: number;

  /** @param itemCount how many values follow, for an attribute including the value it belongs to */
  constructor(parent: OpenAggregate | null, type: number, itemCount: number) {
    this.parent = parent;
    this.depth = parent === null ? 1 : parent.depth + 1;
    this.#type = type;
    this.missing = itemCount;
  }

  /** The value, once nothing is missing. */
  close(): RespValue {
    const { items } = this;
    switch (this.#type) {
      case RespType.map:
        return mapOf(items, items.length);
      case RespType.set:
        return new Set(items);
      case RespType.push:
        return new RespPush(items);
      case RespType.attribute:
        return new RespAttributed(mapOf(items, items.length - 1), items[items.length - 1]!);
      default:
        return items;
    }
  }
}

/** How many values follow the header of an aggregate that says `count`; -1 for a type that is none. */
export function itemCount(type: number, count: number): number {
  switch (type) {
    case RespType.array:
    case RespType.set:
    case RespType.push:
      return count;
    case RespType.map:
      return 2 * count;
    case RespType.attribute:
      return 2 * count + 1;
    default:
      return -1;
  }
}

function mapOf(items: RespValue[], length: number): Map<RespValue, RespValue> {
  const map = new Map<RespValue, RespValue>();
  for (let i = 0; i < length; i += 2) map.set(items[i]!, items[i + 1]!);
  return map;
}
