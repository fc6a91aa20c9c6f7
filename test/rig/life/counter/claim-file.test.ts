import { describe, expect, it } from 'vitest';
import { parseClaim } from '../../../../rig/life/counter/claim-file.ts';

const YAML = `number: "000000042"
date: 20261129
beneficiary: 1
professionalId: "991234567"
professionalName: CABINET DES TILLEULS
total: 30.00
amo: 19.00
amc: 9.00
patient: 2.00
thirdParty: yes
`;

const CLAIM = {
  number: '000000042',
  date: '20261129',
  beneficiaryIndex: 1,
  professionalId: '991234567',
  professionalName: 'CABINET DES TILLEULS',
  total: 3000,
  amo: 1900,
  amc: 900,
  patient: 200,
  thirdParty: true,
};

const refusal = (text: string): string => {
  try {
    parseClaim(text, 'claim.yaml');
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

describe('a claim in a file', () => {
  it('is YAML or JSON with amounts in euros', () => {
    expect(parseClaim(YAML, 'claim.yaml')).toEqual(CLAIM);
    const json = JSON.stringify({
      ...{ number: '000000042', date: '20261129', beneficiary: '1', professionalId: '991234567' },
      ...{ professionalName: 'CABINET DES TILLEULS', total: '30.00', amo: '19.00', amc: '9.00' },
      ...{ patient: '2.00', thirdParty: 'yes' },
    });
    expect(parseClaim(json, 'claim.json')).toEqual(CLAIM);
  });

  it.each([
    [`${YAML}acte: C\n`, 'claim.yaml:11:1: `acte`: medical data have no place on this card'],
    [`${YAML}note: {diagnostic: x}\n`, 'claim.yaml:11:8: `diagnostic`: medical data have no place on this card'],
    [`${YAML}status: paid\n`, 'claim.yaml:11:1: `status` is not a key that is known here'],
    [YAML.replace('30.00', '31.00'), 'claim.yaml:6:8: total 31,00 € is not AMO + AMC + patient, which make 30,00 €'],
    [YAML.replace('19.00', '19'), 'claim.yaml:7:6: `19` is not an amount in euros with two decimals, as 26.50'],
    [YAML.replace('amc: 9.00\n', ''), '`amc` is missing'],
    [YAML.replace('TILLEULS', 'É'.repeat(30)), 'claim.yaml:5:19: is longer than the card’s record has room for'],
    ['', 'claim.yaml:1:1: the file is empty'],
    ['- 1\n', 'a mapping of keys to values is needed here'],
  ])('is refused with place and reason: case %#', (text, sentence) => {
    expect(refusal(text)).toContain(sentence);
  });
});
