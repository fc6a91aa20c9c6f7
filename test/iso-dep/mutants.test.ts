import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultySession, type Machines, oneFault, runSession } from './sessions.ts';

const FOLDER = new URL('../../src/iso-dep/', import.meta.url).pathname;

/** The machines with one piece of their source replaced by another. */
async function mutant(file: string, piece: string, replacement: string): Promise<Machines> {
  const source = readFileSync(`${FOLDER}${file}`, 'utf8');
  const at = source.indexOf(piece);
  if (at < 0 || source.indexOf(piece, at + 1) >= 0) throw new Error(`not exactly once in ${file}: ${piece}`);
  const contents = source.replace(piece, () => replacement);
  const { outputFiles } = await build({
    entryPoints: [`${FOLDER}index.ts`],
    bundle: true,
    write: false,
    format: 'esm',
    plugins: [
      {
        name: 'mutant',
        setup: ({ onLoad }) => onLoad({ filter: new RegExp(`iso-dep/${file}$`) }, () => ({ contents, loader: 'ts' })),
      },
    ],
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString('base64')}`);
}

/** What either property finds: a broken promise, or a single fault that is not overcome. */
function found(machines: Machines): string | null {
  const promise = fc.check(
    fc.property(faultySession, (config) => void runSession(machines, config)),
    { numRuns: 1500, endOnFailure: true },
  );
  if (promise.failed) return String((promise.errorInstance as Error).message);
  const recovery = fc.check(
    fc.property(oneFault, (config) => {
      runSession(machines, config, (end) => {
        if (end === 'lost') throw new Error('a single fault was not overcome');
      });
    }),
    { numRuns: 500, endOnFailure: true },
  );
  return recovery.failed ? String((recovery.errorInstance as Error).message) : null;
}

const TWICE = /carried out \d times/;
const WRONG = /wrong data|never carried out/;
const STUCK = /not overcome/;

const MUTANTS: readonly (readonly [what: string, file: string, piece: string, replacement: string, finding: RegExp])[] =
  [
    ['a card that does not toggle on an I-block', 'card.ts', 'this.#number = block.number;\n    if', 'if', TWICE],
    [
      'a card that takes a block of the same number',
      'card.ts',
      ' || block.number === this.#number) return 0;',
      ') return 0;',
      /wrong data|carried out/,
    ],
    [
      'a card that goes on without toggling',
      'card.ts',
      'this.#number = block.number;\n    this.#partAt',
      'this.#partAt',
      STUCK,
    ],
    [
      'a card that sends the same part again',
      'card.ts',
      'this.#partAt += this.#partLength;',
      '',
      /wrong data|not overcome/,
    ],
    [
      'a card that keeps the command before',
      'card.ts',
      'this.#commandLength = 0;\n    this.#responseLength = responseLength',
      'this.#responseLength = responseLength',
      WRONG,
    ],
    [
      'a card that carries out a command and asks for time',
      'card.ts',
      "this.#last = 'S-WTX';",
      "this.#last = 'S-WTX';\n    this.#card.process(command, offset, length);",
      TWICE,
    ],
    [
      'a card that acknowledges where it should repeat',
      'card.ts',
      'if (block.number === this.#number) return this.#repeat();',
      "if (block.number === this.#number && block.kind === 'R-ACK') return this.#repeat();",
      STUCK,
    ],
    [
      'a card that repeats where it should acknowledge',
      'card.ts',
      "if (block.kind === 'R-NAK') return putBlockHeader(this.frame, 'R-ACK', this.#number, false, this.#answerCid, null);",
      "if (block.kind === 'R-NAK') return this.#repeat();",
      STUCK,
    ],
    [
      'a reader that keeps the response before',
      'reader.ts',
      'this.#partLength = 0;\n    this.responseLength = 0;',
      'this.#partLength = 0;',
      WRONG,
    ],
    [
      'a reader that takes any block number',
      'reader.ts',
      'block.number !== this.#number || this.#hasMore()',
      'this.#hasMore()',
      WRONG,
    ],
    [
      'a reader that sends again instead of asking',
      'reader.ts',
      "case 'command':\n      case 'presence':\n        return this.#sendReady('R-NAK');",
      "case 'command':\n        return this.#repeatPart();\n      case 'presence':\n        return this.#sendReady('R-NAK');",
      STUCK,
    ],
    [
      'a reader that asks on with R(NAK)',
      'reader.ts',
      "case 'response':\n        return this.#sendReady('R-ACK');",
      "case 'response':\n        return this.#sendReady('R-NAK');",
      STUCK,
    ],
    [
      'a reader that goes on after any R(ACK)',
      'reader.ts',
      'if (this.#received.number !== this.#number) {',
      'if (this.#received.number > 1) {',
      WRONG,
    ],
    [
      'a reader that sends the next part under the same number',
      'reader.ts',
      'this.#progress();\n    this.#commandAt +=',
      'this.#commandAt +=',
      STUCK,
    ],
    [
      'a channel that does not check CRCs',
      'back-to-back.ts',
      'reader.toReaderRate === this.#card.toReaderRate && endsInCrcA(this.#onAir, 0, length)',
      'true',
      WRONG,
    ],
  ];

// On a busy machine a thousand sessions take longer than a test may by default.
describe('planted faults in the machines', { timeout: 120_000 }, () => {
  it('none in the machines as they are', async () => {
    expect(found(await mutant('card.ts', 'swapNodes(block.nad)', 'swapNodes(block.nad)'))).toBeNull();
  });

  it.each(MUTANTS)('%s: found', async (_, file, piece, replacement, finding) => {
    expect(found(await mutant(file, piece, replacement))).toMatch(finding);
  });
});
