import { describe, expect, it } from 'vitest';
import { openCard } from '../../../rig/card/open.ts';
import { TapExplainer } from '../../../rig/tap/explaining.ts';
import { interfacesOf } from '../../../rig/tap/interfaces-of-atr.ts';
import { tap } from '../../../rig/tap/tap.ts';
import { fromHex } from '../../../src/apdu/hex.ts';
import { fakeIo } from '../console/fake-io.ts';

describe('tap --explain', () => {
  it.each([
    [
      'contact',
      'READ RECORD of E001 by contact needs code 81 verified in this session; it is not: send VERIFY 00 20 00 81',
      'The own application needs the code: --pin, --pin-file FILE, or VITAP_PIN.',
    ],
    [
      'contactless',
      'READ RECORD of E001 by contactless needs code 81 and an authentication terminal with the right “read DG1”',
      'What was refused needs PACE: --can-file FILE or VITAP_CAN.',
    ],
  ] as const)('says why a card of ours refuses by %s', async (cardInterface, sentence, remark) => {
    const options = {
      reader: { driver: 'loopback' },
      card: { kind: 'profile', name: 'vitale2' },
      interface: cardInterface,
      sequence: 'own',
      pin: { file: null, ask: false },
      record: { file: null, keepSecrets: false },
      timeoutMs: 1000,
    } as const;
    const io = fakeIo();
    await tap({ ...options, explain: true }, io);
    expect(io.out.join('')).toContain(`Why\n  ${sentence}`);
    const silent = fakeIo();
    await tap(options, silent);
    expect(silent.out.join('')).not.toContain('Why');
    expect(silent.err).toContain(`${remark}\n`);
    const json = fakeIo({ json: true });
    await tap({ ...options, explain: true }, json);
    expect(JSON.parse(json.out.join('')).explanations[0]).toContain(sentence);
  });
});

describe('explaining a card that tells nothing', () => {
  /** A card of ours, of which the explainer is told no decision: what it finds, it finds through commands. */
  async function explain(...commands: readonly string[]): Promise<string[]> {
    const { card } = await openCard({ kind: 'profile', name: 'vitale2' });
    const port = card.port('contact');
    port.powerOn();
    const explainer = new TapExplainer([], null);
    const exchange = (apdu: Uint8Array): Uint8Array =>
      Uint8Array.from(port.response.subarray(0, port.process(apdu, 0, apdu.length)));
    for (const command of commands) {
      explainer.command(fromHex(command), 0);
      explainer.response(exchange(fromHex(command)), 0);
    }
    return explainer.sentences(
      async (apdu) => {
        const response = exchange(apdu);
        return { data: response.subarray(0, -2), sw: ((response.at(-2) as number) << 8) | (response.at(-1) as number) };
      },
      ['contact'],
    );
  }
  const OWN = '00A404000A F0617043562D454D5501 00';

  it('asks for the control parameters of the file, by its identifier', async () => {
    expect(await explain(OWN, '00A4020C02E002', '00B2010400')).toEqual([
      'READ RECORD of E002 by contact needs a code, as security environment 1 says',
    ]);
  });

  it('by its short identifier, where the file of our own application has it', async () => {
    expect(await explain(OWN, '00B2011400', '00B2011400')).toEqual([
      'READ RECORD of E002 by contact needs a code, as security environment 1 says',
    ]);
  });

  it('says nothing where nothing was refused', async () => expect(await explain(OWN, '00B0810000')).toEqual([]));
});

describe('the interface of a card that is not ours', () => {
  it.each([
    // ISO/IEC 14443-4 through a PC/SC reader, and a contact card that offers T=0 and T=1.
    ['3B 8A 80 01 80 31 F8 73 F7 41 FF 82 90 00 6A', null, ['contact', 'contactless']],
    ['3B 75 13 00 00 43 09 EA 90 00', null, ['contact']],
    ['3B 8A 80 01 80 31 F8 73 F7 41 FF 82 90 00 6A', 'contact', ['contact']],
    ['3B 8A 80 01 80 31 F8 73 F7 41 FF 82 90 00 6A', 'contactless', ['contactless']],
    ['', null, ['contact']],
  ] as const)('of ATR %s, known %s: %j', (atr, known, cardInterfaces) => {
    expect(interfacesOf(fromHex(atr), known)).toEqual(cardInterfaces);
  });
});
