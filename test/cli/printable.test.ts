import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { counted, excerpt } from '#hawser/cli/printable';

describe('an excerpt of a message', () => {
  test('shows printable ASCII as it is and escapes everything else', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    let shown = '';
    for (let at = 0; at < 256; at += 64) shown += excerpt(bytes.subarray(at, at + 64)).shown;
    assert.match(shown, /^[\x20-\x7e]+$/);
    assert.deepEqual(
      [...JSON.parse(`"${shown.replaceAll('\\x', '\\u00')}"`)].map((char) => char.charCodeAt(0)),
      [...bytes],
    );
  });

  test('ends after 64 bytes and counts the rest', () => {
    assert.deepEqual(excerpt(Buffer.alloc(64, 'a')), { shown: 'a'.repeat(64), omittedBytes: 0 });
    assert.deepEqual(excerpt(Buffer.alloc(70, 'a')), { shown: 'a'.repeat(64), omittedBytes: 6 });
    assert.deepEqual(excerpt(Buffer.alloc(0)), { shown: '', omittedBytes: 0 });
  });

  test('counts one byte and two bytes', () => {
    assert.equal(counted(1, 'byte'), '1 byte');
    assert.equal(counted(2, 'byte'), '2 bytes');
    assert.equal(counted(0, 'byte'), '0 bytes');
  });
});
