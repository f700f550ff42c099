/**
 * Bytes that differ from place to place and from seed to seed, so that a lost,
 * doubled or swapped piece shows. Not random: the same in every run.
 */
export function pattern(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let state = seed >>> 0;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  for (; at < length; at++) bytes[at] = at;
  return bytes;
}
