import { describe, expect, it } from 'vitest';
import { loadProfile } from '../../../../rig/card/profile/index.ts';
import { fromHex, toHex } from '../../../../src/apdu/index.ts';
import { Card } from '../../../../src/applet/card.ts';
import { personalise } from '../../../../src/applet/image/personalise.ts';
import type { CardInterface } from '../../../../src/hal/index.ts';
import { MemoryNvm } from '../../../../src/hal/nvm/memory.ts';
import { VirtualClock } from '../../../../src/hal/virtual/clock.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';
import { world } from './small-profile.ts';

/** A card of a shipped profile in memory; `send` takes the interface and a command, both as they are written. */
async function issue(profile: string): Promise<(cardInterface: CardInterface, command: string) => string> {
  const { crypto } = world();
  const specification = await loadProfile(profile, world());
  const card = new Card({
    nvm: new MemoryNvm(personalise(specification, crypto)),
    clock: new VirtualClock(),
    crypto,
    random: new SeededRandom('use'),
  });
  const ports = { contact: card.port('contact'), contactless: card.port('contactless'), wired: card.port('wired') };
  for (const port of Object.values(ports)) port.powerOn();
  return (cardInterface, command) => {
    const bytes = fromHex(command);
    const port = ports[cardInterface];
    return toHex(port.response.subarray(0, port.process(bytes, 0, bytes.length)));
  };
}

const ascii = (text: string): string => Buffer.from(text, 'latin1').toString('hex').toUpperCase();
const IDENT =
  `65168005${ascii('ADRUN')}8103${ascii('ZOE')}8208${ascii('19751231')}` +
  `65228008${ascii('ECETINSI')}810C${ascii('PIERRE-ALAIN')}8208${ascii('20090714')}` +
  `651F8005${ascii('NESSI')}810C${ascii('MICHELANGELO')}8208${ascii('20100807')}`;
const BENEFICIARY_1 = `E230800101810100820101${`8308${ascii('19751231')}8405${ascii('ADRUN')}8603${ascii('ZOE')}`}870F${ascii('275126322074974')}`;
const SELECT_OWN = '00A404000AF0617043562D454D550100';
const READ_BENEFICIARY = '00B2011400';
const VERIFY = '0020008106323734393136';

describe('vitale2, read as readers in the field do', () => {
  it('by short identifier, one read each: MF, then VITALE', async () => {
    const send = await issue('vitale2');
    expect(send('contact', '00A40000023F00')).toBe('9000');
    expect(send('contact', '00B0820000')).toBe(`${IDENT}9000`);
    expect(send('contact', '00A404000BD250000002564954414C45')).toBe('9000');
    expect(send('contact', '00B0820000')).toBe(
      `${['275126322074974', '109076322083489', '110086322083060'].map((nir) => `65169003${ascii('FRA')}930F${ascii(nir)}`).join('')}9000`,
    );
  });

  it('by identifier under MF_VITALE', async () => {
    const send = await issue('vitale2');
    expect(send('contact', '00A404000ED2500000024D465F564954414C4500')).toMatch(/^6F.*9000$/);
    expect(send('contact', '00A4020002D00100')).toMatch(/^6F.*9000$/);
    expect(send('contact', '00B0000000')).toBe(`${IDENT}9000`);
  });

  it('by the walk through POINTERS', async () => {
    const send = await issue('vitale2');
    expect(send('contact', '00A404000BD250000002564954414C4500')).toMatch(/9000$/);
    expect(send('contact', '00A4020002200100')).toMatch(/9000$/);
    expect(send('contact', '00B0000000')).toMatch(/^E0818BA035.*9000$/);
    const walk = [
      ['0ED2500000024D465F564954414C45', ['2F00', '2F01', '2F02', 'D001', '011C']],
      ['0BD250000002564954414C45', ['2001', '2002', '2003']],
    ] as const;
    for (const [name, fids] of walk) {
      expect(send('contact', `00A40400${name}00`)).toMatch(/9000$/);
      for (const fid of fids) {
        expect(send('contact', `00A4020002${fid}00`)).toMatch(/9000$/);
        expect(send('contact', '00B0000000')).toMatch(/^..+9000$/);
      }
    }
    expect(send('contact', SELECT_OWN)).toMatch(/9000$/);
    expect(send('contact', '00A4020002E00F00')).toMatch(/9000$/);
    expect(send('contact', '00B0000000')).toBe('6982');
  });

  it.each(['contact', 'wired'] as const)('gives the own application on %s after the code', async (cardInterface) => {
    const send = await issue('vitale2');
    send(cardInterface, SELECT_OWN);
    expect(send(cardInterface, READ_BENEFICIARY)).toBe('6982');
    expect(send(cardInterface, VERIFY)).toBe('9000');
    expect(send(cardInterface, READ_BENEFICIARY)).toBe(`${BENEFICIARY_1}9000`);
  });

  it('over an antenna refuses identities and the own application in clear', async () => {
    const send = await issue('vitale2');
    send('contactless', SELECT_OWN);
    expect(send('contactless', VERIFY)).toBe('6982');
    expect(send('contactless', READ_BENEFICIARY)).toBe('6982');
    for (const select of ['00A40000023F00', '00A404000BD250000002564954414C45']) {
      expect(send('contactless', select)).toBe('9000');
      expect(send('contactless', '00B0820000')).toBe('6982');
    }
    // The card number, and the one of the card's data: neither is read by its file identifier.
    for (const fid of ['2F02', 'D001']) {
      expect(send('contactless', '00A40000023F00')).toBe('9000');
      expect(send('contactless', `00A4020C02${fid}`)).toBe('9000');
      expect(send('contactless', '00B0000000')).toBe('6982');
    }
  });
});

describe('apcv', () => {
  it('on contact: select, refused, code, read', async () => {
    const send = await issue('apcv');
    expect(send('contact', SELECT_OWN)).toMatch(/^6F.*9000$/);
    expect(send('contact', READ_BENEFICIARY)).toBe('6982');
    expect(send('contact', VERIFY)).toBe('9000');
    expect(send('contact', READ_BENEFICIARY)).toBe(`${BENEFICIARY_1}9000`);
  });

  it.each(['contact', 'wired'] as const)('locks after three wrong codes on %s', async (cardInterface) => {
    const send = await issue('apcv');
    send(cardInterface, SELECT_OWN);
    const wrong = '0020008106303030303030';
    expect([1, 2, 3, 4].map(() => send(cardInterface, wrong))).toEqual(['63C2', '63C1', '63C0', '6983']);
    expect(send(cardInterface, VERIFY)).toBe('6983');
  });

  it('over an antenna takes no plain code, and gives nothing in clear, unlocked or not', async () => {
    const send = await issue('apcv');
    send('contactless', SELECT_OWN);
    expect(send('contactless', VERIFY)).toBe('6982');
    expect(send('contactless', READ_BENEFICIARY)).toBe('6982');
    send('wired', SELECT_OWN);
    expect(send('wired', VERIFY)).toBe('9000');
    expect(send('contactless', READ_BENEFICIARY)).toBe('6982');
    expect(send('wired', READ_BENEFICIARY)).toBe(`${BENEFICIARY_1}9000`);
  });

  it('knows no VITALE application', async () => {
    const send = await issue('apcv');
    expect(send('contact', '00A404000BD250000002564954414C4500')).toBe('6A82');
    expect(send('contact', '00A40000023F00')).toBe('9000');
    expect(send('contact', '00B09E0000')).toBe(`61164F0AF0617043562D454D55015008${ascii('apCV-EMU')}9000`);
  });
});

describe('reference', () => {
  it('answers the commands of the benchmark', async () => {
    const send = await issue('reference');
    const select = '00A4040007F042454E43480100';
    expect(send('contactless', select)).toBe('6F098407F042454E4348019000');
    expect(send('contactless', '00B2010C64')).toBe('6982');
    expect(send('contactless', '0020000108313233343536FFFF')).toBe('9000');
    expect(send('contactless', '00B2010C64')).toBe(`${'A1'.repeat(100)}9000`);
    expect(send('contactless', '00B2080C64')).toBe(`${'A8'.repeat(100)}9000`);
    expect(send('contactless', '00A4020C02EF02')).toBe('9000');
    expect(send('contactless', '00B0000064')).toBe(`${'00010203040506070809'.repeat(10)}9000`);
  });
});

it('vitale2-t0 answers by the rules of T=0', async () => {
  const send = await issue('vitale2-t0');
  const select = send('contact', '00A404000BD250000002564954414C4500');
  expect(select).toMatch(/^61..$/);
  expect(send('contact', `00C00000${select.slice(2)}`)).toMatch(/^6F.*9000$/);
});
