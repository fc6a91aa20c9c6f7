import { describe, expect, it } from 'vitest';
import { asAscii, jsonFor, outputEdge, proseFor } from '../../../rig/console/output-edge.ts';

const [GREEN, RED, YELLOW, FAINT, END] = ['\u001b[32m', '\u001b[31m', '\u001b[33m', '\u001b[2m', '\u001b[0m'];

describe('whether an output is in colour', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '' }, false],
    [true, { FORCE_COLOR: '0' }, false],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ])('a terminal: %s, with %j: %s', (isTty, env, colour) => {
    expect(outputEdge(env, isTty).colour).toBe(colour);
  });
});

describe('whether an output is ASCII', () => {
  it.each([
    [{}, false],
    [{ LANG: 'C' }, true],
    [{ LANG: 'POSIX' }, true],
    [{ LANG: 'fr_FR.ISO-8859-1' }, true],
    [{ LANG: 'fr_FR.UTF-8' }, false],
    [{ LANG: 'C.utf8' }, false],
    [{ LANG: 'C', LC_ALL: 'C.UTF-8' }, false],
    [{ LANG: 'C.UTF-8', LC_CTYPE: 'C' }, true],
    [{ LANG: 'C.UTF-8', LC_ALL: '' }, false],
  ])('%j: %s', (env, ascii) => {
    expect(outputEdge(env, true).ascii).toBe(ascii);
  });
});

describe('verdicts in colour', () => {
  const painted = (text: string): string => proseFor({ colour: true, ascii: false }, text);

  it.each([
    ['PASS\n', `${GREEN}PASS${END}\n`],
    ['FAIL  RBI-002  READ BINARY', `${RED}FAIL${END}  RBI-002  READ BINARY`],
    ['first\nWARN  PC/SC service: no', `first\n${YELLOW}WARN${END}  PC/SC service: no`],
    ['FAIL: 5 of 6 traces', `${RED}FAIL${END}: 5 of 6 traces`],
    ['4 of 6  PASS          one', `4 of 6  ${GREEN}PASS${END}          one`],
    [
      '6 PASS, 0 FAIL, 2 INCONCLUSIVE, 9 NOT APPLICABLE',
      `6 ${GREEN}PASS${END}, 0 FAIL, 2 ${YELLOW}INCONCLUSIVE${END}, 9 ${FAINT}NOT APPLICABLE${END}`,
    ],
    ['ERROR of the rig', `${RED}ERROR${END} of the rig`],
  ])('%j', (text, expected) => {
    expect(painted(text)).toBe(expected);
  });

  it.each(['a name that says FAIL', 'PASSED', 'FAILURE', 'okay', '0 FAIL'])('%s is no verdict', (text) => {
    expect(painted(text)).toBe(text);
  });
});

describe('ASCII', () => {
  it.each([
    ['rights 2024-01-01 to … (open)', 'rights 2024-01-01 to ... (open)'],
    ['MAISON DES ÉCRINS 60,00 €', 'MAISON DES ECRINS 60,00 EUR'],
    ['CENTRE DU LAC D’ANNECY, régime, œuvre', "CENTRE DU LAC D'ANNECY, regime, oeuvre"],
    ['· 3.2 µs − 1 × 2 “x”', '. 3.2 us - 1 x 2 "x"'],
    ['1\u202f234,56', '1 234,56'],
    ['✔ ✘ → ▌', '+ x -> #'],
    ['e\u0301', 'e'],
    ['日本', '??'],
  ])('%s', (text, expected) => {
    expect(asAscii(text)).toBe(expected);
  });

  it('escapes JSON instead, which says the same, and never colours it', () => {
    const edge = { colour: true, ascii: true };
    const document = { verdict: 'FAIL', name: 'É 𝄞 …' };
    const text = jsonFor(edge, JSON.stringify(document));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII begins with them
    expect(text).toMatch(/^[\u0000-\u007f]*$/);
    expect(text).not.toContain('\u001b');
    expect(JSON.parse(text)).toEqual(document);
  });
});
