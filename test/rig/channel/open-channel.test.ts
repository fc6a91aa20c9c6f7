import { describe, expect, it } from 'vitest';
import { ChannelFailure } from '../../../rig/channel/channel-failure.ts';
import { type ChannelStep, openChannel } from '../../../rig/channel/open-channel.ts';
import { issueHolder, makeRoot, matchingHash } from '../../../rig/pki/holder.ts';
import { parseTerminalKeys, type TerminalKeys, terminalKeysText } from '../../../rig/pki/terminal-keys.ts';
import { TEST_ROOT, TEST_TERMINAL, testPrivateKey } from '../../../rig/pki/test-hierarchy.ts';
import { fromHex, toHex } from '../../../src/apdu/hex.ts';
import type { Crypto } from '../../../src/hal/crypto.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';
import { authorizationOf, rightsOfType } from '../../../src/secure-channel/authorization.ts';
import { randomPrivateKey } from '../../../src/secure-channel/key-pair.ts';
import { encodePassword } from '../../../src/secure-channel/password.ts';
import { encodeSecurityInfos, paceInfo } from '../../../src/secure-channel/security-infos-writer.ts';
import { crypto, PIN, requestWith, SECRET_TEXT, smallCard, wireOf, withTerminal } from './small-card.ts';

const READ_TEXT = fromHex('00B0850018');

async function failureOf(work: Promise<unknown>): Promise<ChannelFailure> {
  const outcome = await work.then(
    () => null,
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(ChannelFailure);
  return outcome as ChannelFailure;
}

describe('a channel', () => {
  it('with the CAN alone: commands are protected, and what a terminal may read stays closed', async () => {
    const card = smallCard();
    const { session, log } = wireOf((command) => card.exchange(command));
    const { session: channel, account } = await openChannel(session, requestWith());
    const before = log.length;
    expect(toHex((await channel.transmit(READ_TEXT)).response)).toBe('6982');
    expect(log[before]!.command[0]).toBe(0x0c);
    expect(account).toMatchObject({
      password: 'CAN',
      mapping: 'GM',
      passwordStatus: 0x9000,
      terminal: null,
      chip: null,
    });
  });

  it('with a terminal: PACE, then terminal and chip authentication, then the file is read', async () => {
    const card = smallCard();
    const { session } = wireOf((command) => card.exchange(command));
    const steps: ChannelStep[] = [];
    const { session: channel, account } = await openChannel(
      session,
      requestWith({ ...withTerminal(), onExchange: (step) => steps.push(step) }),
    );
    const { response, wire } = await channel.transmit(READ_TEXT);
    expect(toHex(response)).toBe(`${toHex(SECRET_TEXT)}9000`);
    // 24 bytes padded to 32: 87 21 01 …, 99 02 …, 8E 08 …, and the status word.
    expect(wire).toMatchObject({ exchanges: 1, receivedBytes: 35 + 4 + 10 + 2, repairs: 0 });
    expect(account.terminal).toMatchObject({ name: TEST_TERMINAL, chain: ['FRVITAPDV00001', TEST_TERMINAL] });
    expect(account.chip).toEqual({ by: 'chip authentication', signer: null });
    expect([...new Set(steps)]).toEqual([
      'EF.CardAccess',
      'PACE',
      'terminal authentication',
      'EF.CardSecurity',
      'chip authentication',
    ]);
    expect(steps.filter((step) => step === 'PACE')).toHaveLength(5);
  });

  it('by the chip authentication mapping alone proves the chip', async () => {
    const card = smallCard({ mapping: 'CAM' });
    const { session } = wireOf((command) => card.exchange(command));
    const { account } = await openChannel(session, requestWith());
    expect(account.chip).toEqual({ by: 'chip authentication mapping', signer: null });
  });

  it('the PIN after the CAN: the first channel gives way to the second', async () => {
    const card = smallCard();
    const { session } = wireOf((command) => card.exchange(command));
    const first = await openChannel(session, requestWith());
    const second = await openChannel(
      first.session,
      requestWith({ password: { name: 'PIN', bytes: encodePassword(PIN) }, random: new SeededRandom('second') }),
    );
    expect(second.account.password).toBe('PIN');
    expect(first.session.open).toBe(false);
    expect(toHex((await second.session.transmit(READ_TEXT)).response)).toBe('6982');
  });
});

describe('there is no channel, and one sentence says why', () => {
  it.each([
    ['CAN', '500541', 'wrong-code', 'the CAN is wrong', 1],
    ['PUK', '9876543210', 'not-offered', 'the card has no PUK for PACE, or not with these domain parameters (6A88 ', 2],
  ] as const)('a wrong %s', async (name, text, kind, words, exitCode) => {
    const card = smallCard();
    const { session } = wireOf((command) => card.exchange(command));
    const failure = await failureOf(
      openChannel(session, requestWith({ password: { name, bytes: encodePassword(text) } })),
    );
    expect(failure).toMatchObject({ kind, exitCode });
    expect(failure.message.startsWith(words)).toBe(true);
    expect(failure.message).not.toContain(text);
  });

  it.each([
    ['63C1', 'suspended', 'the PIN is suspended: its last try is open only after the CAN', 1],
    ['63C0', 'blocked', 'the PIN is blocked: no try left; the PUK unblocks it', 1],
    ['6983', 'blocked', 'the PIN is blocked: no try left; the PUK unblocks it', 1],
    ['6283', 'deactivated', 'the PIN is deactivated on this card', 1],
    ['6985', 'refused', 'the card refuses PACE with the PIN: 6985 conditions of use not satisfied', 1],
  ] as const)('a password that MSE:Set AT answers %s', async (status, kind, message, exitCode) => {
    const card = smallCard();
    const { session } = wireOf((command) => (command[1] === 0x22 ? fromHex(status) : card.exchange(command)));
    const password = { name: 'PIN', bytes: encodePassword(PIN) } as const;
    expect(await failureOf(openChannel(session, requestWith({ password })))).toMatchObject({ kind, message, exitCode });
  });

  it.each([
    ['6300', '63C1', 'the PIN is wrong: 1 try left, and it is suspended until the CAN was given'],
    ['6300', '63C2', 'the PIN is wrong: 2 tries left'],
    ['63C2', '9000', 'the PIN is wrong: 2 tries left'],
    ['6300', '63C0', 'the PIN is wrong, and is blocked now: no try left'],
    ['6983', '63C0', 'the PIN is wrong, and is blocked now: no try left'],
  ])('a wrong PIN that is refused %s, its state then %s', async (refusal, state, message) => {
    const card = smallCard();
    let selections = 0;
    const { session } = wireOf((command) => {
      if (command[1] === 0x22 && selections++ > 0) return fromHex(state);
      const response = card.exchange(command);
      return toHex(response) === '6300' ? fromHex(refusal) : response;
    });
    const password = { name: 'PIN', bytes: encodePassword('654321') } as const;
    expect(await failureOf(openChannel(session, requestWith({ password })))).toMatchObject({
      kind: 'wrong-code',
      message,
    });
  });

  it.each([
    ['no EF.CardAccess', null, 'not-offered', 'the card has no PACE: there is no EF.CardAccess', 2],
    ['an EF.CardAccess without PACE', '3100', 'not-offered', 'the card has no PACE: EF.CardAccess names none', 2],
    [
      'integrated mapping only',
      // id-PACE-ECDH-IM-AES-CBC-CMAC-128
      '31143012060A04007F0007020204040202010202010D',
      'not-offered',
      'the card offers PACE only as 0.4.0.127.0.7.2.2.4.4.2 with parameters 13; built here are generic and chip authentication mapping with AES on P-256, P-384, P-521 and brainpool curves',
      2,
    ],
    [
      'a file that claims 4 GB',
      '3184FFFFFFFF3012',
      'damaged',
      'EF.CardAccess says that it has 4294967301 bytes, and no card has more than 4096',
      1,
    ],
    [
      'a file that is cut off',
      '31143012060A0400',
      'damaged',
      'EF.CardAccess ends after 8 bytes, and says that it has 22',
      1,
    ],
    ['a file of no object', '31', 'damaged', 'EF.CardAccess does not begin with a data object', 1],
    ['a file that is no SET', '0402AABB', 'damaged', 'EF.CardAccess cannot be read: SecurityInfos are no SET', 1],
  ] as const)('%s', async (_, content, kind, message, exitCode) => {
    const files = new Map(content === null ? [] : [[0x1c, { content: fromHex(content), needs: 'nothing' as const }]]);
    const card = smallCard({ more: { files } });
    const { session } = wireOf((command) => card.exchange(command));
    expect(await failureOf(openChannel(session, requestWith()))).toMatchObject({ kind, message, exitCode });
  });

  it('an EF.CardAccess without end is not read on and on', async () => {
    const card = smallCard({
      more: { files: new Map([[0x1c, { content: new Uint8Array(9000).fill(0x31), needs: 'nothing' }]]) },
    });
    const { session, log } = wireOf((command) => card.exchange(command));
    await failureOf(openChannel(session, requestWith()));
    expect(log.length).toBeLessThan(5);
  });

  it('EF.CardAccess that was changed on the way to another PACE than the signed one', async () => {
    const card = smallCard({
      mapping: 'CAM',
      more: {
        offers: [{ mapping: 'GM', cipher: 'AES-128', parameterId: 13 }],
        files: new Map([
          [
            0x1c,
            { content: encodeSecurityInfos([paceInfo({ mapping: 'GM', cipher: 'AES-128' }, 13)]), needs: 'nothing' },
          ],
          [0x1d, smallCard({ mapping: 'CAM' }).options.files!.get(0x1d)!],
        ]),
      },
    });
    const { session } = wireOf((command) => card.exchange(command));
    expect(await failureOf(openChannel(session, requestWith(withTerminal())))).toMatchObject({
      kind: 'not-genuine',
      message: 'EF.CardAccess offers a PACE that the signed EF.CardSecurity does not have',
    });
  });

  const copied = randomPrivateKey(crypto, new SeededRandom('copy'), 'brainpoolP256r1');

  it.each(['GM', 'CAM'] as const)('a copy of a card, which has another key: %s', async (mapping) => {
    const card = smallCard({ mapping, privateKey: copied });
    const { session, log } = wireOf((command) => card.exchange(command));
    const request = requestWith(mapping === 'GM' ? withTerminal() : {});
    const failure = await failureOf(openChannel(session, request));
    expect(failure).toMatchObject({ kind: 'not-genuine', exitCode: 1 });
    expect(failure.message).toContain('the card does not prove the key of EF.CardSecurity, so it may be a copy: ');
    expect(log.some(({ response }) => toHex(response).includes(toHex(SECRET_TEXT)))).toBe(false);
  });

  it('a copy of a card without keys', async () => {
    const card = smallCard({ more: { keys: [] } });
    const { session } = wireOf((command) => card.exchange(command));
    expect(await failureOf(openChannel(session, requestWith(withTerminal())))).toMatchObject({ kind: 'not-genuine' });
  });

  const selfMade = (root: string): TerminalKeys => {
    const everything = rightsOfType('AT');
    const validity = { from: 200101, to: 991231 };
    const made = makeRoot(
      crypto,
      {
        name: root,
        privateKey: testPrivateKey(crypto, 'brainpoolP256r1', 'somebody else'),
        authorization: authorizationOf('AT', 'CVCA', everything),
        validity,
      },
      { curve: 'brainpoolP256r1', hash: matchingHash('brainpoolP256r1') },
    );
    const key = (label: string): Uint8Array => testPrivateKey(crypto, 'brainpoolP256r1', label);
    const verifier = issueHolder(crypto, made, {
      name: 'FRSELFDV00001',
      privateKey: key('self dv'),
      authorization: authorizationOf('AT', 'DV-official-domestic', everything),
      validity,
    });
    const terminal = issueHolder(crypto, verifier, {
      name: 'FRSELFAT00001',
      privateKey: key('self at'),
      authorization: authorizationOf('AT', 'terminal', everything),
      validity,
    });
    const certificates = [verifier.certificate, terminal.certificate];
    return parseTerminalKeys(terminalKeysText({ certificates, key: terminal.key, signers: [] }), 'test', crypto);
  };

  it('certificates that somebody made below a root of the same name', async () => {
    const card = smallCard();
    const { session, log } = wireOf((command) => card.exchange(command));
    const failure = await failureOf(openChannel(session, requestWith({ terminal: selfMade(TEST_ROOT) })));
    expect(failure).toMatchObject({
      kind: 'terminal-refused',
      exitCode: 1,
      message: `the certificate FRSELFDV00001 is not signed by the ${TEST_ROOT} that the card trusts: it was made by somebody else (6300 warning, memory changed)`,
    });
    expect(card.authenticated).toBe(false);
    expect(log.at(-1)!.command[0]).toBe(0x0c);
  });

  it('certificates of a root that the card does not know', async () => {
    const card = smallCard();
    const { session } = wireOf((command) => card.exchange(command));
    expect(await failureOf(openChannel(session, requestWith({ terminal: selfMade('DEOTHER00001') })))).toMatchObject({
      kind: 'no-chain',
      exitCode: 2,
      message: `the certificates of FRSELFAT00001 lead to no root that the card trusts (${TEST_ROOT})`,
    });
  });

  it('an expired certificate', async () => {
    const root = smallCard().options.trust!.trustPoints;
    const card = smallCard({ more: { trust: { trustPoints: root, date: 991231 } } });
    const later = smallCard({
      more: { trust: { trustPoints: [{ ...root[0]!, expirationDate: 250101 }], date: 260101 } },
    });
    for (const [each, works] of [
      [card, true],
      [later, false],
    ] as const) {
      const { session } = wireOf((command) => each.exchange(command));
      const opened = openChannel(session, requestWith(withTerminal()));
      if (works) await opened;
      else {
        expect(await failureOf(opened)).toMatchObject({ kind: 'terminal-refused', exitCode: 1 });
      }
    }
  });

  it('a card that answers in clear once the channel is open, to any step', async () => {
    for (let plainAt = 7; plainAt < 17; plainAt++) {
      const card = smallCard();
      let count = 0;
      const { session } = wireOf((command) => {
        const response = card.exchange(command);
        return count++ === plainAt ? fromHex('9000') : response;
      });
      const failure = await failureOf(openChannel(session, requestWith(withTerminal())));
      expect(failure).toMatchObject({
        kind: 'not-believed',
        exitCode: 1,
        message: 'the card answered in clear inside the channel (9000), which is not believed',
      });
    }
  });

  it('Ctrl-C between any two exchanges ends it there, and every key schedule is wiped', async () => {
    for (let last = 1; last < 17; last++) {
      const card = smallCard();
      const ending = new AbortController();
      const { watched, held } = watchedCrypto();
      let count = 0;
      const { session } = wireOf((command) => {
        if (++count === last) ending.abort(new Error('interrupted'));
        return card.exchange(command);
      });
      const request = requestWith({ ...withTerminal(), crypto: watched, signal: ending.signal });
      await expect(openChannel(session, request)).rejects.toThrow('interrupted');
      expect(count).toBe(last);
      expect(held()).toBe(0);
    }
  });

  it('an open channel holds two key schedules, and none once it was left', async () => {
    const card = smallCard();
    const { session } = wireOf((command) => card.exchange(command));
    const { watched, held } = watchedCrypto();
    const { session: channel } = await openChannel(session, requestWith({ ...withTerminal(), crypto: watched }));
    expect(held()).toBe(2);
    channel.leave();
    expect(held()).toBe(0);
  });
});

/** Cryptography that counts the key schedules that nobody has wiped yet. */
function watchedCrypto(): { readonly watched: Crypto; readonly held: () => number } {
  const schedules = new Set<unknown>();
  const watch = <T extends { wipe(): void }>(schedule: T): T => {
    schedules.add(schedule);
    const wipe = schedule.wipe.bind(schedule);
    schedule.wipe = () => {
      schedules.delete(schedule);
      wipe();
    };
    return schedule;
  };
  const watched = {
    ...crypto,
    blockCipher: (key: Uint8Array) => watch(crypto.blockCipher(key)),
    blockMac: (key: Uint8Array) => watch(crypto.blockMac(key)),
  };
  return { watched, held: () => schedules.size };
}
