import { describe, expect, it } from 'vitest';
import { parseRules } from '../../../../rig/judge/replay/rules-file.ts';
import { redactedRules, shownPattern } from '../../../../rig/judge/replay/rules-redaction.ts';

const NIR = Buffer.from('185057800608436').toString('hex').toUpperCase();

describe('a pattern that is shown', () => {
  // A command that breaks off is masked from its fifth byte on, as in a trace.
  it.each([
    ['0020008106323734393136', '0020008106XXXXXXXXXXXX'],
    ['00200081063237*', '00200081XXXXXX*'],
    ['002400810831323334{new}', '00240081XXXXXXXXXX{new}'],
    ['0020008106*', '0020008106*'],
    ['00A404000AF0617043562D454D550100', '00A404000AF0617043562D454D550100'],
  ])('%s', (pattern, shown) => {
    expect(shownPattern(pattern)).toBe(shown);
  });

  it('names the rules that have no other name', () => {
    const { rules, card } = parseRules(
      `version: 1
rules: [{command: 0020008106 323734393136, answer: any}]
card: {answers: [{command: 00200081 04 31323334, answer: 9000}]}`,
      'rules.yaml',
    );
    expect(rules[0]?.name).toBe('0020008106XXXXXXXXXXXX');
    expect(card?.answers[0]?.name).toBe('0020008104XXXXXXXX');
    expect(rules[0]?.command?.text).toBe('0020008106323734393136');
  });
});

describe('rules that are handed over', () => {
  it('have X where a secret was, and are rules as before', () => {
    const written = `version: 1
card:
  answers:
    - command: '00 20 00 81 06 32 37 34 39 31 36'   # the code
      answer: 9000
    - {command: 00B0810000, answer: ${NIR} 9000}
    - command: 00A4*
      answer: [6F07 8405 A000000003 9000, 6A82]   # 1 85 05 78 006 084
`;
    const redacted = redactedRules(written);
    expect(redacted).toBe(`version: 1
card:
  answers:
    - command: '00 20 00 81 06 XX XX XX XX XX XX'   # the code
      answer: 9000
    - {command: 00B0810000, answer: ${'X'.repeat(NIR.length)} 9000}
    - command: 00A4*
      answer: [6F07 8405 A000000003 9000, 6A82]   # XXXXXXXXXXXXXXXXXX
`);
    expect(parseRules(redacted, 'rules.yaml').card?.answers).toHaveLength(3);
    expect(redactedRules(redacted)).toBe(redacted);
  });

  it('are as they were where there is none', () => {
    const written = 'version: 1\n# words, 00FF\nrules:\n  - {exchanges: 7, 12-15, answer: A0A1A2A3A4A5A6A7 9000}\n';
    expect(redactedRules(written)).toBe(written);
  });
});
