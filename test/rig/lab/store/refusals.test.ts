import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LAB_ROLES, LAB_STATES } from '../../../../rig/command/verbs/lab.ts';
import { RUN_STATES } from '../../../../rig/lab/api/run.ts';
import { ROLES } from '../../../../rig/lab/api/token.ts';
import { LAB_REFUSALS, LabRefusal } from '../../../../rig/lab/store/refusals.ts';

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

it('what was asked for is named, and shows nothing but itself', () => {
  expect(new LabRefusal('campaign-unknown', 7).message).toBe('there is no campaign 7');
  expect(new LabRefusal('reader-unknown', `a\u001b[2K${'b'.repeat(200)}`).message).toBe(
    `no bench that lives has a reader or a card a\\u001B[2K${'b'.repeat(95)}: see vitap lab benches`,
  );
  expect(new LabRefusal('attempt-unknown').message).toBe('there is no attempt of a bench');
});

it('the command line has the roles and states of the interface', () => {
  expect([LAB_ROLES, LAB_STATES]).toEqual([ROLES, RUN_STATES]);
});
