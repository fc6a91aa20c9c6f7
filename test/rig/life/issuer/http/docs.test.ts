import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FAULT_NAMES, FAULTS } from '../../../../../rig/life/issuer/http/faults.ts';
import { INTERFACE_REFUSALS, REQUEST_REFUSALS } from '../../../../../rig/life/issuer/http/request-refusals.ts';
import { WEB_REFUSALS } from '../../../../../rig/web/refusal.ts';
import { readSchema } from '../../../command/published-schemas.ts';

const page = readFileSync('docs/issuer.md', 'utf8');

describe('docs/issuer.md says what the tables say', () => {
  it.each(FAULT_NAMES)('fault %s', (name) => {
    const { value, does, shows } = FAULTS[name];
    expect(page).toContain(
      `| \`${name}\` | ${value === null ? '' : `${value.standard} ${value.unit}`} | ${does} | ${shows} |`,
    );
  });

  it.each(Object.entries({ ...WEB_REFUSALS, ...REQUEST_REFUSALS, ...INTERFACE_REFUSALS }))(
    'refusal %s',
    (code, { status, meaning }) => {
      expect(page).toContain(`| \`${code}\` | ${status} | ${meaning} |`);
    },
  );
});

it('the schema of `issuer serve --json` names the faults', () => {
  expect(JSON.stringify(readSchema('issuer-serve'))).toContain(JSON.stringify(FAULT_NAMES));
});
