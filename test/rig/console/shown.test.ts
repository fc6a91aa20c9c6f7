import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../rig/command/program.ts';
import { forTerminal, shown } from '../../../rig/console/shown.ts';
import { fakeIo } from './fake-io.ts';

describe('text from outside', () => {
  it.each([
    ['plain text, accents and signs', 'Lecteur é – 读卡器 ✓', 'Lecteur é – 读卡器 ✓'],
    ['an escape sequence', 'a\x1b[2K\x1b[1Gb', 'a\\u001B[2K\\u001B[1Gb'],
    ['the C1 form of one', 'a\u009b2Kb', 'a\\u009B2Kb'],
    ['line ends and tabs', 'a\r\nPASS\tb', 'a\\u000D\\u000APASS\\u0009b'],
    ['separators of lines and paragraphs', 'a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
    ['marks that turn the direction', 'a\u202eb\u2066c\u200f', 'a\\u202Eb\\u2066c\\u200F'],
    ['a tag beyond the first plane', 'a\u{e0041}', 'a\\uDB40\\uDC41'],
    ['half a surrogate pair', 'a\ud800b', 'a\\uD800b'],
  ])('%s', (_, text, expected) => expect(shown(text)).toBe(expected));

  it('is cut when it is long', () => expect(shown('x'.repeat(5000))).toBe(`${'x'.repeat(2000)}…`));

  it('in a whole output keeps our own line ends, tabs and the return before progress', () => {
    expect(forTerminal('\r3 of 5\n\tx\ry\x1b[A\n')).toBe('\r3 of 5\n\tx\\u000Dy\\u001B[A\n');
  });

  it('means the same in JSON as before', () => {
    const document = { text: 'a\u009b\u202e\x1b\u{e0041}' };
    expect(JSON.parse(forTerminal(JSON.stringify(document)))).toEqual(document);
  });
});

describe('a command', () => {
  it.each(['stdout', 'stderr'] as const)(
    'writes no escape sequence to %s, whoever forgot to clean it',
    async (where) => {
      const io = fakeIo();
      const declare: Parameters<typeof runCommandLine>[2][number] = (program, perform) => {
        program.command('say').action(() =>
          perform({}, async (world) => {
            world[where]('a\x1b[31mb\n');
            return 0;
          }),
        );
      };
      await runCommandLine(['say'], '0.0.0', [declare], io);
      expect([...io.out, ...io.err].join('')).toBe('a\\u001B[31mb\n');
    },
  );

  it('makes one line of an error with a line end and escapes in it', async () => {
    const io = fakeIo();
    const declare: Parameters<typeof runCommandLine>[2][number] = (program, perform) => {
      program
        .command('fail')
        .action(() =>
          perform({}, () =>
            Promise.reject(Object.assign(new Error('x'), { code: 'ENOENT', path: 'a\nPASS b\x1b[2K' })),
          ),
        );
    };
    expect(await runCommandLine(['fail'], '0.0.0', [declare], io)).toBe(2);
    expect(io.err).toEqual(['vitap: a\\u000APASS b\\u001B[2K: there is no such file\n']);
  });
});
