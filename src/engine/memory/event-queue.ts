/** A timer of a virtual clock. */
export interface Timer {
  /** When it is due, virtual ms. */
  readonly at: number;
}

/** Something that is going to happen. */
export class Event implements Timer {
  readonly at: number;
  readonly order: number;
  readonly isTimer: boolean;
  /** `null`: taken back. */
  run: (() => void) | null;

  constructor(at: number, order: number, isTimer: boolean, run: () => void) {
    this.at = at;
    this.order = order;
    this.isTimer = isTimer;
    this.run = run;
  }

  isBefore(other: Event): boolean {
    return this.at < other.at || (this.at === other.at && this.order < other.order);
  }
}

/** A binary heap of events, the earliest first. */
export class EventQueue {
  private readonly heap: Event[] = [];

  push(event: Event): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!event.isBefore(heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  pop(): Event | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.isBefore(heap[child]!)) child++;
      if (!heap[child]!.isBefore(last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  clear(): void {
    this.heap.length = 0;
  }

  peek(): Event | undefined {
    return this.heap[0];
  }

  /** What comes first and was not taken back. */
  first(): Event | undefined {
    while (this.heap[0] !== undefined && this.heap[0].run === null) this.pop();
    return this.heap[0];
  }
}
