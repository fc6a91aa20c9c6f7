import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { IssuerRefusal, REFUSAL_CODES, REFUSALS } from '../../../../rig/life/issuer/refusals.ts';

it('docs/issuer.md shows every refusal as it is', () => {
  const page = readFileSync(new URL('../../../../docs/issuer.md', import.meta.url), 'utf8');
  // The refusals of requests stand in a table of three columns: what to do depends on the route.
  const rows = page.split('\n').filter((line) => /^\| `[a-z]+(?:-[a-z]+)+` \| \d{3} \|[^|]+\|[^|]+\|$/.test(line));
  expect(rows).toEqual(
    REFUSAL_CODES.map((code) => {
      const { status, sentence, cure } = REFUSALS[code];
      return `| \`${code}\` | ${status} | ${sentence} | ${cure} |`;
    }),
  );
});

it.each(REFUSAL_CODES)('%s is refused in the form of every message', (code) => {
  const { status, message, cure } = new IssuerRefusal(code);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  for (const text of [message, cure]) expect(text).toMatch(/^[a-z`].*[^.]$/);
});

it('says what exactly, where that is known', () => {
  expect(new IssuerRefusal('claim-malformed', '`total` is missing').message).toMatch(/: `total` is missing$/);
});
