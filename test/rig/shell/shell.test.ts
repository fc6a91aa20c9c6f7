import { expect, it } from 'vitest';
import { runCommandLine } from '../../../rig/command/program.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import { expectPublished } from '../command/published-schemas.ts';
import { fakeIo } from '../console/fake-io.ts';

/** At a terminal; test/interop/shell.test.ts has the prompt itself. */
it('refuses --json at a prompt, as JSON, before a card is looked for', async () => {
  const io = fakeIo({ stdinIsTty: true, json: true });
  // No reader has that name: it would be missed if it were opened.
  const args = ['shell', '--reader', 'pcsc:no such reader', '--json'];
  expect(await runCommandLine(args, '0.0.0', VERBS, io)).toBe(2);
  const document = JSON.parse(io.out.join(''));
  expectPublished('error', document);
  expect(JSON.stringify(document)).toContain('--json is for a script on standard input');
  expect(io.err.join('')).not.toContain('vitap> ');
});
