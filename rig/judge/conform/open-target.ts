import type { LinkedCard } from '../../../src/hal/card-link.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CardUnderTest, InProcessCard, type LinkReach, ReaderCard } from './card-under-test.ts';
import type { CardDeclaration } from './declaration.ts';
import { declareProfile } from './declare-profile.ts';
import { makerOf, openRenewable, type RenewableCard, specificationOf } from './open-card.ts';
import type { ConformOptions } from './options.ts';

/** The card that is judged, and what it is declared as. */
export interface OpenedTarget {
  readonly card: CardUnderTest;
  readonly declaration: CardDeclaration;
}

/** A PC/SC stack refuses less than a header; vpcd's messages have a length of two bytes. */
const PCSC_REACH: LinkReach = { shortestCommand: 4, longestCommand: 65_535 };
/** A PN532 as a reader chains what its buffer does not hold. */
const ISO_DEP_REACH: LinkReach = { shortestCommand: 4, longestCommand: 65_544 };
/** The reader that vpcd shows. */
const VIRTUAL_READER = 'Virtual PCD';

/** Opens what the command line names. The caller closes `card`. */
export async function openTarget(options: ConformOptions, signal: AbortSignal): Promise<OpenedTarget> {
  const { card: source, reader } = options;
  const own = source === null ? null : await openRenewable(source, options.interface);
  if (reader.driver === 'loopback') {
    if (own === null)
      throw new CannotRun('a loopback reader has no card of its own: name one with --profile or --image');
    const card = new InProcessCard(`${own.description}, ${own.face}`, makerOf(own));
    return { card, declaration: await declared(options, own, card) };
  }
  const card = own === null ? await inReader(options, signal) : await throughPcsc(own, options, signal);
  try {
    return { card, declaration: await declared(options, own, card) };
  } catch (error) {
    await card.close();
    throw error;
  }
}

/** A declaration of the user's own, or that of our profile, or what the card says of itself. */
async function declared(
  { declare }: ConformOptions,
  own: RenewableCard | null,
  card: CardUnderTest,
): Promise<CardDeclaration> {
  if (declare !== null) return (await import('./declaration-file.ts')).readDeclaration(declare);
  if (own !== null) {
    const specification = await specificationOf(own.profile);
    if (specification !== null) return declareProfile(specification, own.face);
  }
  const session = await card.begin();
  const { deriveDeclaration } = await import('./derive.ts');
  return deriveDeclaration({
    session,
    atr: card.atr ?? new Uint8Array(0),
    protocol: card.protocol === 'T=0' ? 'T=0' : 'T=1',
  });
}

/** The card that is in a reader. */
async function inReader({ reader, timeoutMs }: ConformOptions, signal: AbortSignal): Promise<ReaderCard> {
  if (reader.driver === 'pn532' || reader.driver === 'acr122') {
    const { openReader } = await import('../../endpoint/open-reader.ts');
    const { reader: board, name, backend } = await openReader(reader, null, null);
    return new ReaderCard({ reader: board, name, timeoutMs, signal, backend, reach: ISO_DEP_REACH });
  }
  const { PcscReader } = await import('../../../src/hal/pcsc/index.ts');
  return new ReaderCard({
    reader: new PcscReader({ clock: systemClock, share: 'exclusive' }),
    name: reader.driver === 'pcsc' ? reader.name : null,
    timeoutMs,
    signal,
    backend: 'hardware',
    reach: PCSC_REACH,
  });
}

/** A card of ours in the virtual reader of the machine's PC/SC service, and read through that: a new copy each case. */
async function throughPcsc(
  own: RenewableCard,
  { reader, timeoutMs }: ConformOptions,
  signal: AbortSignal,
): Promise<ReaderCard> {
  const [{ PcscReader }, { VpcdLink }] = await Promise.all([
    import('../../../src/hal/pcsc/index.ts'),
    import('../../../src/hal/vpcd/index.ts'),
  ]);
  const faults: unknown[] = [];
  const link = new VpcdLink({ interface: own.face, clock: systemClock });
  const slot = new RenewedCard(() => own.make((fault) => faults.push(fault), link.limits));
  let lost: unknown = null;
  const served = link.serve(slot).catch((error: unknown) => {
    lost = error;
  });
  // A port that nobody listens on is known at once, and is the reason that a person needs.
  await new Promise((resolve) => setImmediate(resolve));
  return new ReaderCard({
    reader: new PcscReader({ clock: systemClock }),
    name: reader.driver === 'pcsc' && reader.name !== null ? reader.name : VIRTUAL_READER,
    timeoutMs,
    signal,
    backend: 'simulated',
    reach: PCSC_REACH,
    description: `${own.description}, ${own.face}, in the virtual reader`,
    renew: () => {
      if (lost !== null) throw lost;
      slot.renew();
    },
    takeFaults: () => faults.splice(0),
    close: async () => {
      link.stop();
      await served;
    },
  });
}

/** A card that is made anew behind the link's back; the reset that follows is the first that the new one sees. */
class RenewedCard implements LinkedCard {
  readonly #make: () => LinkedCard;
  #card: LinkedCard;

  constructor(make: () => LinkedCard) {
    this.#make = make;
    this.#card = make();
    this.#card.powerOn();
  }

  renew(): void {
    this.#card = this.#make();
    // Until the reset comes it is as powered as the one before it was.
    this.#card.powerOn();
  }

  get response(): Uint8Array {
    return this.#card.response;
  }

  atr(): Uint8Array {
    return this.#card.atr();
  }

  powerOn(): void {
    this.#card.powerOn();
  }

  reset(): void {
    this.#card.reset();
  }

  fieldOff(): void {
    this.#card.fieldOff();
  }

  deselect(): void {
    this.#card.deselect();
  }

  process(command: Uint8Array, offset: number, length: number): number {
    return this.#card.process(command, offset, length);
  }
}
