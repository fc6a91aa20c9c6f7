import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LAB_ROLES, LAB_STATES } from '../../../../rig/command/verbs/lab.ts';
import { RUN_STATES } from '../../../../rig/lab/api/run.ts';
import { ROLES } from '../../../../rig/lab/api/token.ts';
import { LAB_REFUSALS } from '../../../../rig/lab/store/refusals.ts';

it('docs/lab.md shows every refusal as it is', () => {
  const page = readFileSync(new URL('../../../../docs/lab.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| `[a-z-]+` \| \d{3} \|[^|]+\|$/.test(line));
  expect(rows).toEqual(
    Object.entries(LAB_REFUSALS).map(([code, { status, sentence }]) => `| \`${code}\` | ${status} | ${sentence} |`),
  );
});

it.each(Object.entries(LAB_REFUSALS))('%s is refused in the form of every message', (_code, { status, sentence }) => {
  expect([400, 401, 403, 404, 409, 413, 503, 507]).toContain(status);
  expect(sentence).toMatch(/^[a-z].*[^.]$/);
});

it('the command line has the roles and states of the interface', () => {
  expect([LAB_ROLES, LAB_STATES]).toEqual([ROLES, RUN_STATES]);
});
