import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = `${root}test/types/programs/`;
const files = readdirSync(folder).map((name) => folder + name);

/** The compiler settings of the project, checking only. */
function settings(): ts.CompilerOptions {
  const read = ts.readConfigFile(`${root}tsconfig.base.json`, ts.sys.readFile);
  const parsed = ts.parseJsonConfigFileContent(
    read.config,
    ts.sys,
    root,
    undefined,
    'tsconfig.json',
  );
  return { ...parsed.options, noEmit: true, composite: false, incremental: false };
}

const program = ts.createProgram(files, settings());

/** The errors in one file, as `TS2345 message`. */
function errorsIn(file: string): string[] {
  const found = ts.getPreEmitDiagnostics(program, program.getSourceFile(file));
  return found.map(
    ({ code, messageText }) => `TS${code} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
  );
}

const expectation = /^\/\/ must not compile: error (TS\d+) mentioning (\w+)\n/;

describe('a program that misuses socket options does not compile', () => {
  const wrong = files.filter((file) => expectation.test(readFileSync(file, 'utf8')));
  test('there are five of them', () => assert.equal(wrong.length, 5));
  for (const file of wrong) {
    test(basename(file, '.ts'), () => {
      const [, code, word] = expectation.exec(readFileSync(file, 'utf8'))!;
      const errors = errorsIn(file);
      assert.equal(errors.length, 1, errors.join('\n'));
      assert.match(errors[0]!, new RegExp(`^${code} .*${word}`, 's'));
    });
  }
});

test('a program that uses socket options as documented compiles', () => {
  assert.deepEqual(errorsIn(`${folder}right.ts`), []);
});
