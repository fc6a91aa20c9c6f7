import { beforeAll, describe, expect, it } from 'vitest';
import { bootCard } from '../../../../rig/card/open.ts';
import { TEST_AUTHORITY_PUBLIC_KEY } from '../../../../rig/card/profile/index.ts';
import { readSignedInfos } from '../../../../rig/channel/card-security.ts';
import { ChannelFailure } from '../../../../rig/channel/channel-failure.ts';
import { openChannel } from '../../../../rig/channel/open-channel.ts';
import { cardFilesOf, contentOfCardFiles } from '../../../../rig/life/issuer/card-files.ts';
import { makeOperational, PersonalisationError, personaliseCard } from '../../../../rig/life/issuer/personalise.ts';
import { CardRelay } from '../../../../rig/life/issuer/relay.ts';
import { testTerminalKeys } from '../../../../rig/pki/test-hierarchy.ts';
import { readOwnApplication } from '../../../../rig/tap/own-application.ts';
import { emptyReading } from '../../../../rig/tap/reading.ts';
import { CardTerminal } from '../../../../rig/tap/terminal.ts';
import { fromHex } from '../../../../src/apdu/hex.ts';
import type { Card } from '../../../../src/applet/card.ts';
import { readHeld, refuseSignature } from '../../../../src/applet/vitale/index.ts';
import { MemoryNvm } from '../../../../src/hal/nvm/memory.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';
import { blankImage, CAN, CONTENT, crypto, job, KEYS_MADE, SELECT, sending, wired } from './../phone/blank-card.ts';

const RIGHT_CODE = '0020008106323734393136';
let image: Uint8Array;
beforeAll(async () => {
  image = await blankImage();
});

function blank(): { card: Card; nvm: MemoryNvm } {
  const nvm = new MemoryNvm(image);
  const fault = (error: unknown): void => {
    throw error;
  };
  return { card: bootCard(nvm, 'phone', null, { onFault: fault }, crypto), nvm };
}

function made(): { card: Card; nvm: MemoryNvm } {
  const both = blank();
  expect(sending(wired(both.card))(...KEYS_MADE)).toMatch(/^7F4943864104.*9000$/);
  return both;
}

/** Every file of the application, by short identifier. */
const READS = [
  '00B2010C00',
  '00B2011400',
  '00B2011C00',
  '00B2012400',
  '00B0850000',
  '00B0860000',
  '00B0870000',
  '00B08F0000',
];

describe('a blank card', () => {
  it('gives nothing of its application, whoever asks, and no key of the antenna', () => {
    const send = sending(wired(blank().card));
    for (const read of READS) expect([read, send(SELECT, RIGHT_CODE, read)]).toEqual([read, '6982']);
    // No key is there, and only its issuer has the one of the card made.
    expect(send(SELECT, '0046818200')).toBe('6985');
    expect(send('0046800100')).toBe('6982');
    const antenna = made().card.port('contactless');
    antenna.powerOn();
    for (const [command, status] of [
      [SELECT, 0x9000],
      ['0046818200', 0x6982],
      ['0046818300', 0x6982],
      ['0046810100', 0x6982],
    ] as const) {
      const bytes = fromHex(command);
      const length = antenna.process(bytes, 0, bytes.length);
      expect([
        command,
        ((antenna.response[length - 2] as number) << 8) | (antenna.response[length - 1] as number),
      ]).toEqual([command, status]);
    }
  });

  it('makes its keys after its first code alone', () => {
    const send = sending(wired(blank().card));
    expect(send(SELECT, '0046808200')).toBe('6982');
    expect(send(RIGHT_CODE, '0046808200')).toMatch(/9000$/);
  });
});

describe('personalisation', () => {
  it('writes what the claims say, and leaves the card inoperative until it is made operational', async () => {
    const { card } = made();
    const keys = await personaliseCard(wired(card), job());
    const send = sending(wired(card));
    for (const read of READS) expect([read, send(SELECT, RIGHT_CODE, read)]).toEqual([read, '6982']);
    await makeOperational(wired(card), job());
    const records = (sfi: number): Uint8Array[] => {
      const all: Uint8Array[] = [];
      for (let number = 1; ; number++) {
        const answer = fromHex(send(`00B2${hex(number)}${hex((sfi << 3) | 4)}00`));
        if (answer.length === 2) return all;
        all.push(answer.subarray(0, -2));
      }
    };
    expect(send(SELECT, RIGHT_CODE)).toBe('9000');
    const files = { affiliation: records(1), beneficiaries: records(2), rights: records(3) };
    expect(contentOfCardFiles(files)).toEqual(CONTENT);
    const signature = fromHex(send('00B08F00000000')).subarray(0, -2);
    expect(refuseSignature(crypto, TEST_AUTHORITY_PUBLIC_KEY, Object.values(files), signature)).toBeNull();
    expect(readHeld(fromHex(send('00B08600000000')).subarray(0, -2))).toEqual(new Uint8Array(900).fill(0xc5));
    // The holder's key signs: the point that the issuer was given verifies it.
    expect(send('002241B603840183')).toBe('9000');
    const digest = new Uint8Array(32).fill(0x11);
    const signed = fromHex(send(`002A9E9A20${'11'.repeat(32)}00`)).subarray(0, -2);
    expect(crypto.ecdsaVerify('P-256', keys.holder, digest, signed)).toBe(true);
  });

  it('gives a card that a professional reads over the antenna, and that proves its new key', async () => {
    const { card } = made();
    await personaliseCard(wired(card), job());
    await makeOperational(wired(card), job());
    expect(sending(wired(card))(SELECT, RIGHT_CODE)).toBe('9000');
    const antenna = card.port('contactless');
    antenna.powerOn();
    const terminal = testTerminalKeys(crypto, ['read DG1', 'read DG2', 'read DG3']);
    const session = { ...wired(card), transmit: transmitTo(antenna) } as unknown as ReturnType<typeof wired>;
    const channel = await openChannel(session, {
      crypto,
      random: systemRandom,
      clock: systemClock,
      password: { name: 'CAN', bytes: CAN },
      terminal,
      readCardSecurity: (content) => readSignedInfos(content, terminal.signers, new Date('2026-11-29T00:00:00Z')),
    });
    expect(channel.account.chip).toEqual({
      by: 'chip authentication',
      signer: expect.stringContaining('Vitap test document signer'),
    });
    const reader = new CardTerminal(session);
    reader.enter(channel);
    const reading = emptyReading();
    await readOwnApplication(reader, reading, null);
    expect(reading.beneficiaries.map(({ usualName }) => usualName)).toEqual(['ADRUN', 'ECETINSI']);
    // Rights of a terminal that reads do not let it write.
    expect((await reader.send(fromHex('00E20020020102'))).sw).toBe(0x6982);
  });

  it('may be repeated, also with other rights; a card that has more than it is given is refused', async () => {
    const { card } = made();
    const first = await personaliseCard(wired(card), job());
    const second = await personaliseCard(wired(card), job());
    expect(second.device).toEqual(first.device);
    expect(second.chip).not.toEqual(first.chip);
    const fewer = { ...CONTENT, beneficiaries: CONTENT.beneficiaries.slice(0, 1) };
    await expect(personaliseCard(wired(card), job({ content: fewer }))).rejects.toThrow(PersonalisationError);
    // It has a new key already, for which nobody vouches.
    await expect(makeOperational(wired(card), job())).rejects.toThrow('the card does not prove the key');
    await personaliseCard(wired(card), job());
    await makeOperational(wired(card), job());
    await makeOperational(wired(card), job());
    await expect(personaliseCard(wired(card), job())).rejects.toThrow('this card is operational already');
  });

  it.each([
    ['another CAN', { can: new TextEncoder().encode('161804') }, ChannelFailure],
    [
      'a terminal without the right to write DG17',
      { terminal: testTerminalKeys(crypto, ['read DG1']) },
      PersonalisationError,
    ],
  ])('%s: refused, and nothing is written', async (_, more, error) => {
    const { card, nvm } = made();
    const before = Buffer.from(snapshot(nvm));
    await expect(personaliseCard(wired(card), job(more))).rejects.toThrow(error);
    // The trust points' date may move: what stands behind the key region does not.
    expect(Buffer.from(snapshot(nvm)).includes('ADRUN')).toBe(false);
    expect(before.includes('ADRUN')).toBe(false);
    expect(sending(wired(card))(SELECT, '0046810100')).toBe('6982');
  });

  it('is not made operational before it has a certified key', async () => {
    const { card } = made();
    await expect(makeOperational(wired(card), job())).rejects.toThrow(ChannelFailure);
    expect(sending(wired(card))(SELECT, RIGHT_CODE, '00B2011400')).toBe('6982');
  });

  it('goes through a relay, one command for each answer', async () => {
    const { card } = made();
    const relay = new CardRelay((session) => personaliseCard(session, job()));
    const far = wired(card);
    let step = await relay.next(null);
    let commands = 0;
    while ('command' in step) {
      commands++;
      step = await relay.next(far.exchange(step.command));
    }
    expect(commands).toBeGreaterThan(20);
    expect(step.result.holder).toHaveLength(65);
    await expect(relay.next(null)).rejects.toThrow('belongs to no command');
  });

  it('a relay that is given up ends its work', async () => {
    const { card } = made();
    const relay = new CardRelay((session) => personaliseCard(session, job()));
    const step = await relay.next(null);
    if (!('command' in step)) throw new Error('no command');
    const second = relay.next(wired(card).exchange(step.command));
    await second;
    relay.close(new Error('the phone has gone'));
    await expect(relay.next(fromHex('9000'))).rejects.toThrow('belongs to no command');
  });
});

it('records of a card are the claims, both ways', () => {
  expect(contentOfCardFiles(cardFilesOf(CONTENT))).toEqual(CONTENT);
});

function transmitTo(port: ReturnType<Card['port']>) {
  return (command: Uint8Array) => {
    const length = port.process(command, 0, command.length);
    return Promise.resolve({ response: Uint8Array.from(port.response.subarray(0, length)), startNs: 0, endNs: 0 });
  };
}

function snapshot(nvm: MemoryNvm): Uint8Array {
  const bytes = new Uint8Array(nvm.size);
  nvm.read(0, bytes, 0, bytes.length);
  return bytes;
}

function hex(value: number): string {
  return value.toString(16).padStart(2, '0');
}
