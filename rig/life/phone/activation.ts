import { SW } from '../../../src/apdu/status-word.ts';
import type { Card } from '../../../src/applet/card.ts';
import type { PhoneLink, RelayTurn } from '../api/phone-link.ts';
import type { CardPeople, RelayStep, Standing } from '../api/wire.ts';
import { type CardSide, DEVICE_KEY, HOLDER_KEY, statusOf } from './card-side.ts';
import type { HeldCard } from './held-card.ts';
import { asked, type IssuerConnection } from './issuer-connection.ts';
import { PhoneRefusal } from './refusals.ts';
import { refuseWeakCode } from './weak-code.ts';
import { WiredSession } from './wired-session.ts';

const ACTIVATED = 0x05;

export interface ActivationOrder {
  /** What the issuer or the identity gave for it; a function is asked when the issuer needs it, which it may not do again. */
  readonly ticket: string | (() => Promise<string>);
  readonly issuer: IssuerConnection;
  /**
   * The code that the holder chooses; asked again when it is refused as weak, with the reason, until it gives up by throwing.
   * The phone overwrites what it was given.
   */
  readonly newCode: (refused: PhoneRefusal | null) => Promise<Uint8Array>;
  /** The code of the shipped test cards is allowed. */
  readonly test: boolean;
  /** Told of each step, for a person. */
  readonly onStep?: (step: ActivationStep) => void;
}

export type ActivationStep = 'blank card' | 'keys' | 'enrolled' | 'code' | 'personalised' | 'committed' | 'operational';

export interface Activated {
  readonly number: number;
  /**
   * The card keeps it until {@link Phone.pukNoted}; null: the code was chosen in a run before this one, and
   * {@link Phone.puk} reads it after the code.
   */
  readonly puk: string | null;
  /** Where the credential can be had; null: the issuer has offered none. */
  readonly credentialOffer: string | null;
}

/**
 * Activates, or goes on with an activation that was cut short. A device key is for one activation: when the issuer has
 * ended the one that was begun, its card is wiped and a blank one takes its place.
 * @throws {PhoneRefusal}
 */
export async function activateCard(held: HeldCard, order: ActivationOrder): Promise<Activated> {
  const { life, issuer } = held.state;
  if (life === 'active') throw new PhoneRefusal('active-already');
  if (life === 'pending' && issuer !== order.issuer.origin) throw new PhoneRefusal('another-issuer');
  if (life !== 'pending' || held.side === null) await newCard(held, order);
  const outcome = await goOn(held, order);
  if (outcome !== 'ended') return outcome;
  held.end('wiped', null);
  await newCard(held, order);
  const again = await goOn(held, order);
  if (again === 'ended') throw new PhoneRefusal('activation-ended');
  return again;
}

async function newCard(held: HeldCard, { onStep, issuer }: ActivationOrder): Promise<void> {
  await held.makeBlank(issuer.origin);
  onStep?.('blank card');
}

async function goOn(held: HeldCard, order: ActivationOrder): Promise<Activated | 'ended'> {
  const chosen: { code: Uint8Array | null } = { code: null };
  try {
    return await carryOut(held, order, chosen);
  } finally {
    chosen.code?.fill(0);
  }
}

async function carryOut(
  held: HeldCard,
  order: ActivationOrder,
  chosen: { code: Uint8Array | null },
): Promise<Activated | 'ended'> {
  const { onStep } = order;
  const side = held.side as CardSide;
  makeKeys(side);
  onStep?.('keys');
  const link = order.issuer.connect(held.deviceSigner(side));
  const standing = await asked(() => link.standing());
  if (standing.state === 'revoked' || standing.state === 'abandoned') return 'ended';
  if (standing.state !== 'active') {
    chosen.code = await enrol(held, order, link, side, standing);
    const activationId = held.state.activationId as string;
    await carry(held, link, activationId, 'personalisation');
    onStep?.('personalised');
    const { number } = await asked(() => link.commit(activationId, side.publicKey(HOLDER_KEY) as Uint8Array));
    held.save({ ...held.state, number });
    onStep?.('committed');
  } else held.save({ ...held.state, activationId: standing.activationId, number: standing.number });
  await carry(held, link, held.state.activationId as string, 'operation');
  if (side.lifeCycle !== ACTIVATED) throw new PhoneRefusal('damaged', { detail: 'it is not operational after all' });
  held.save({ ...held.state, life: 'active', syncedAt: held.now(), pukDue: true });
  onStep?.('operational');
  const puk = chosen.code === null ? null : await held.after(chosen.code, () => side.puk());
  return { number: held.state.number as number, puk, credentialOffer: held.state.credential?.offer ?? null };
}

/** Both keys, after the first code. */
function makeKeys(side: CardSide): void {
  const { firstCode } = side.screen();
  if (side.publicKey(DEVICE_KEY) !== null && side.publicKey(HOLDER_KEY) !== null) return;
  if (firstCode === null) throw new PhoneRefusal('damaged', { detail: 'it has a code and no keys' });
  side.verify(new TextEncoder().encode(firstCode));
  if (side.publicKey(DEVICE_KEY) === null) side.generateKey(DEVICE_KEY);
  if (side.publicKey(HOLDER_KEY) === null) side.generateKey(HOLDER_KEY);
  side.forget();
}

/**
 * Begins at the issuer and has the code chosen; nothing where both were done before.
 * @returns the code, for the caller to overwrite; null: it was chosen before
 */
async function enrol(
  held: HeldCard,
  { ticket, newCode, test, onStep }: ActivationOrder,
  link: PhoneLink,
  side: CardSide,
  standing: Standing,
): Promise<Uint8Array | null> {
  const { can, firstCode } = side.screen();
  const { activationId } = held.state;
  const chosen = firstCode === null || !isFirstCode(side, firstCode);
  if (chosen && standing.state === 'pending' && standing.activationId === activationId) return null;
  const cardSerial = Buffer.from((held.card as Card).image.serial).toString('hex');
  const right = typeof ticket === 'string' ? ticket : await ticket();
  const begun = await asked(() => link.begin({ ticket: right, can, cardSerial }));
  const { credentialOffer: offer } = begun;
  const credential = offer === undefined ? null : { offer, refreshToken: null, expiresAt: null };
  held.save({ ...held.state, activationId: begun.activationId, number: begun.number, credential });
  onStep?.('enrolled');
  const code = chosen ? null : await chooseCode(side, firstCode, begun.claims, newCode, test);
  onStep?.('code');
  return code;
}

/** Whether no code was chosen: power may have gone between the choice and its being noted. */
function isFirstCode(side: CardSide, firstCode: string): boolean {
  try {
    side.verify(new TextEncoder().encode(firstCode));
    side.forget();
    return true;
  } catch (error) {
    if (!(error instanceof PhoneRefusal) || error.code !== 'wrong-code') throw error;
    side.clearFirstCode();
    return false;
  }
}

async function chooseCode(
  side: CardSide,
  firstCode: string,
  { beneficiaries }: CardPeople,
  newCode: ActivationOrder['newCode'],
  test: boolean,
): Promise<Uint8Array> {
  const birthDates = beneficiaries.map(({ birthDate }) => birthDate);
  for (let refused: PhoneRefusal | null = null; ; ) {
    const code = await newCode(refused);
    try {
      refuseWeakCode(code, { birthDates, test });
      side.changeCode(new TextEncoder().encode(firstCode), code);
      side.clearFirstCode();
      return Uint8Array.from(code);
    } catch (error) {
      if (!(error instanceof PhoneRefusal) || error.code !== 'weak-code') throw error;
      refused = error;
    } finally {
      code.fill(0);
    }
  }
}

/** Carries the issuer's commands to the card, on an interface of its own. */
async function carry(held: HeldCard, link: PhoneLink, activationId: string, step: RelayStep): Promise<void> {
  const session = new WiredSession(held.card as Card, () => held.world.clock.nowNs());
  try {
    let turn: RelayTurn = await asked(() => link.relay(activationId, step, null, null));
    while ('command' in turn) {
      const { relay, command } = turn;
      const answer = session.exchange(command);
      // The phone's own trouble: the issuer could only call the card bad.
      if (statusOf(answer) === SW.MEMORY_FAILURE) throw new PhoneRefusal('not-kept');
      turn = await asked(() => link.relay(activationId, step, relay, answer));
    }
  } finally {
    await session.disconnect();
  }
}
