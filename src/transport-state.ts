/*
 * The state of a transport, in one integer: a connection is a small object, and the
 * common case of a call is one test against zero.
 */
export const READING_PAUSED = 1 << 0;
/** close, abort or reset was called, or the connection is lost: nothing more is delivered but connectionLost. */
export const CLOSING = 1 << 1;
/** connectionLost is due: I/O has ended. */
export const LOST = 1 << 2;
/** connectionLost has been called. */
export const OVER = 1 << 3;
export const WRITING_PAUSED = 1 << 4;
export const EOF_WRITTEN = 1 << 5;
export const EOF_RECEIVED = 1 << 6;
/** The end of input arrived and waits behind paused reading. */
export const EOF_WAITING = 1 << 7;
export const BUFFERED = 1 << 8;
/** Inside resumeWriting: a closing flush still takes writes. */
export const RESUMING = 1 << 9;
/** `runDue` is scheduled. */
export const DUE = 1 << 10;
export const DROP_REPORTED = 1 << 11;
