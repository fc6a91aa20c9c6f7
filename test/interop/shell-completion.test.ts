import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leavesOf } from '../../rig/command/command-tree.ts';
import { createProgram, runCommandLine } from '../../rig/command/program.ts';
import { VERBS } from '../../rig/command/verbs/index.ts';
import { PACKAGE_ROOT } from '../../rig/console/package-root.ts';
import { fakeIo } from '../rig/console/fake-io.ts';
import { describeNeeds, itNeeds } from './real-parts.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-completion-'));
  writeFileSync(join(folder, 'session.jsonl'), '');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function printed(...args: readonly string[]): Promise<string> {
  const io = fakeIo();
  expect(await runCommandLine(args, '1.2.3', VERBS, io)).toBe(0);
  return io.out.join('');
}

async function script(shell: string): Promise<string> {
  const file = join(folder, `vitap.${shell}`);
  writeFileSync(file, await printed('completion', shell));
  return file;
}

function run(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8', timeout: 20_000 });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout;
}

/** Lines typed so far, and what must and must not be offered for their last word. */
const LINES: readonly (readonly [line: string, offered: readonly string[], not: string])[] = [
  ['vitap con', ['conform', 'convert'], 'card'],
  ['vitap trace ', ['show', 'diff', 'stat'], 'tap'],
  ['vitap conform --suite ', ['iso7816-4', 'vitale', 't4t'], '--suite'],
  ['vitap conform --suite v', ['vitale'], 't4t'],
  ['vitap conform --cov', ['--coverage'], '--suite'],
  ['vitap tap --reader ', ['loopback', 'pcsc'], 'vpcd'],
  ['vitap emulate --link ', ['vpcd'], 'loopback'],
  ['vitap tap --reader loopback --profile vitale2', ['vitale2', 'vitale2-t0'], 'apcv'],
  ['vitap trace show ses', ['session.jsonl'], 'show'],
];

describeNeeds(['bash'], 'completion in bash', () => {
  it('reads without a fault', async () => {
    run('bash', '-n', await script('bash'));
  });

  it.each(LINES)('%s', async (line, offered, not) => {
    // As readline calls it: the words so far, and the cursor behind the last.
    const typed = `source ${await script('bash')}; read -ra COMP_WORDS <<< "$1"; [[ $1 == *' ' ]] && COMP_WORDS+=('')
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _vitap; printf '%s\\n' "\${COMPREPLY[@]}"; complete -p vitap`;
    const lines = run('bash', '--norc', '-c', typed, 'bash', line).trim().split('\n');
    expect(lines.at(-1)).toBe('complete -F _vitap vitap');
    for (const word of offered) expect(lines).toContain(word);
    expect(lines).not.toContain(not);
  });
});

describeNeeds(['fish'], 'completion in fish', () => {
  it.each(LINES)('%s', async (line, offered, not) => {
    const typed = `source ${await script('fish')}; complete -C '${line}'`;
    const words = run('fish', '--no-config', '-c', typed)
      .trim()
      .split('\n')
      .map((each) => each.split('\t')[0]);
    for (const word of offered) expect(words).toContain(word);
    expect(words).not.toContain(not);
  });
});

describeNeeds(['zsh'], 'completion in zsh', () => {
  it('reads without a fault', async () => {
    run('zsh', '-n', await script('zsh'));
  });

  it('completes a value on a terminal', async () => {
    // zpty is zsh's own pseudo-terminal; each wait is for what must appear there.
    const typed = `zmodload zsh/zpty; zpty z 'TERM=dumb PS1= zsh -f -i'
      until_seen() { local out= more=; while [[ $out != *$1* ]]; do zpty -r z more || return 1; out+=$more; done; print -r -- $out }
      zpty -w z "autoload -U compinit; compinit -u -D; source ${await script('zsh')}; vitap() { print GO\\"\\"T \\"\\$*\\" EN\\"\\"D; }; print REA\\"\\"DY"
      until_seen READY > /dev/null
      zpty -w -n z $'vitap conform --suite vit\\t--only x\\n'
      until_seen END; zpty -d z`;
    expect(run('zsh', '-f', '-c', typed)).toContain('GOT conform --suite vitale --only x');
  });
});

describe('the manual page', () => {
  itNeeds(['groff'], 'is read by groff without a word of complaint, and names every command and option', async () => {
    const file = join(folder, 'vitap.1');
    writeFileSync(file, await printed('man'));
    run('groff', '-man', '-ww', '-z', '-Tutf8', file);
    const text = run('groff', '-man', '-Tutf8', '-P-c', '-P-b', '-P-u', '-rLL=500n', file).replaceAll('\u2212', '-');
    const program = createProgram('1.2.3', VERBS, fakeIo(), async () => {});
    for (const { path, command } of leavesOf(program)) {
      expect(text).toContain(`vitap ${path.join(' ')} [options]`);
      for (const { flags, hidden } of command.options) if (!hidden) expect(text, path.join(' ')).toContain(flags);
    }
  });

  it('is what the build made and package.json names', async () => {
    const { man, files } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8'));
    expect(files).toContain('dist/vitap.1');
    const built = readFileSync(join(PACKAGE_ROOT, man), 'utf8');
    expect(built.split('\n').slice(1)).toEqual((await printed('man')).split('\n').slice(1));
  });
});
