import { describe, expect, it } from 'vitest';
import { leavesOf } from '../../../rig/command/command-tree.ts';
import { createProgram, runCommandLine } from '../../../rig/command/program.ts';
import { USAGE_NOTES } from '../../../rig/command/usage-notes.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import { fakeIo } from '../console/fake-io.ts';

const leaves = leavesOf(createProgram('0.0.0', VERBS, fakeIo(), async () => {}));
const paths = leaves.map(({ path }) => path.join(' '));

/** The words of an example after `vitap`, as a shell parts them; what it would redirect is left out. */
function wordsOf(line: string): string[] {
  const [, command = ''] = /^(?:[A-Z_]+=\S+ )*vitap (.*?)(?: [<>] .*)?$/.exec(line) ?? [];
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? (plain as string));
}

it('are there for every command, and for nothing else', () => {
  expect(paths.length).toBeGreaterThan(30);
  expect(Object.keys(USAGE_NOTES).sort()).toEqual([...paths].sort());
});

describe.each(paths)('vitap %s', (path) => {
  const { examples, fails } = USAGE_NOTES[path] ?? { examples: [], fails: null };

  it('has examples of itself that the real parser takes', async () => {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      let performed = 0;
      const io = fakeIo();
      const program = createProgram('0.0.0', VERBS, io, async () => void performed++);
      const words = wordsOf(example);
      expect(words.slice(0, path.split(' ').length).join(' '), example).toBe(path);
      await program.parseAsync(words, { from: 'user' });
      expect(performed, example).toBe(1);
    }
  });

  it('says them and its exit codes in --help', async () => {
    const io = fakeIo();
    expect(await runCommandLine([...path.split(' '), '--help'], '0.0.0', VERBS, io)).toBe(0);
    const help = io.out.join('');
    for (const example of examples) expect(help).toContain(`  ${example}\n`);
    expect(help).toContain('Exit codes:\n  0 ');
    expect(help.includes('\n  1  ')).toBe(fails !== null);
    expect(help).toContain('\n  2 ');
  });
});
