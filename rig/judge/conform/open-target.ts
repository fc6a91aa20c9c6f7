import type { LinkedCard } from '../../../src/hal/card-link.ts';
import { ForwardingCard } from '../../../src/hal/forwarding-card.ts';
import { VIRTUAL_READER } from '../../../src/hal/vpcd/reader-name.ts';
import { type LinkChoice, linkDriver, USUAL_LINK } from '../../endpoint/links.ts';
import { needsCard } from '../../endpoint/reader-and-card.ts';
import { readerDriver } from '../../endpoint/readers.ts';
import { type CardUnderTest, InProcessCard, ReaderCard } from './card-under-test.ts';
import type { CardDeclaration } from './declaration.ts';
import { declareProfile } from './declare-profile.ts';
import { makerOf, openRenewable, type RenewableCard, specificationOf } from './open-card.ts';
import type { ConformOptions } from './options.ts';

/** The card that is judged, and what it is declared as. */
export interface OpenedTarget {
  readonly card: CardUnderTest;
  readonly declaration: CardDeclaration;
  /** The card of ours that is judged; null: somebody else's. */
  readonly own: RenewableCard | null;
}

/** Opens what the command line names. The caller closes `card`. */
export async function openTarget(options: ConformOptions, signal: AbortSignal): Promise<OpenedTarget> {
  const { card: source, reader } = options;
  const { ourCards } = readerDriver(reader);
  const link = options.link ?? (ourCards === 'through vpcd' ? USUAL_LINK : null);
  // An antenna is contactless whatever the card usually is.
  const cardInterface = (link === null ? null : linkDriver(link).interface) ?? options.interface;
  const own = source === null ? null : await openRenewable(source, cardInterface);
  if (ourCards === 'in process') {
    if (own === null) throw needsCard(reader);
    const card = new InProcessCard(`${own.description}, ${own.cardInterface}`, makerOf(own), own.seed);
    return { card, declaration: await declared(options, own, card), own };
  }
  // What was put on a board before is one card for the whole run, as somebody else's is, though we know which.
  const put = own === null || link === null ? null : { own, link };
  const card = put === null ? await inReader(options, signal) : await throughLink(put.own, put.link, options, signal);
  try {
    return { card, declaration: await declared(options, own, card), own: put?.own ?? null };
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
    if (specification !== null) return declareProfile(specification, own.cardInterface);
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
  const { openReader } = await import('../../endpoint/open-reader.ts');
  const opened = await openReader(reader, { exclusive: true, signal });
  return new ReaderCard({ ...opened, timeoutMs, signal, reach: readerDriver(reader).reach });
}

/** A card of ours in vpcd's virtual reader or on a board, and read at the other end: a new copy each case. */
async function throughLink(
  own: RenewableCard,
  choice: LinkChoice,
  { reader, timeoutMs }: ConformOptions,
  signal: AbortSignal,
): Promise<ReaderCard> {
  const [{ openReader }, { openLink }] = await Promise.all([
    import('../../endpoint/open-reader.ts'),
    import('../../endpoint/open-link.ts'),
  ]);
  const faults: unknown[] = [];
  const link = await openLink(choice, own.cardInterface, false);
  const slot = new RenewedCard(() => own.make((fault) => faults.push(fault), link.limits));
  let lost: unknown = null;
  const served = link.serve(slot).catch((error: unknown) => {
    lost = error;
  });
  // A port that nobody listens on is known at once, and is the reason that a person needs.
  await new Promise((resolve) => setImmediate(resolve));
  const opened = await openReader(reader, { signal });
  return new ReaderCard({
    ...opened,
    // Not the first reader with a card: that one is somebody else's.
    name: opened.name ?? (choice.driver === 'vpcd' ? VIRTUAL_READER : null),
    timeoutMs,
    signal,
    reach: readerDriver(reader).reach,
    description: `${own.description}, ${own.cardInterface}, ${choice.driver === 'vpcd' ? 'in the virtual reader' : `on ${link.name}`}`,
    seed: own.seed,
    renew: () => {
      if (lost !== null) throw lost;
      slot.renew();
    },
    takeFaults: () => faults.splice(0),
    close: async () => {
      await opened.close();
      link.stop();
      await served;
    },
  });
}

/** A card that is made anew behind the link's back; the reset that follows is the first that the new one sees. */
class RenewedCard extends ForwardingCard {
  readonly #make: () => LinkedCard;
  protected override card: LinkedCard;

  constructor(make: () => LinkedCard) {
    super();
    this.#make = make;
    this.card = make();
    this.card.powerOn();
  }

  renew(): void {
    this.card = this.#make();
    // Until the reset comes it is as powered as the one before it was.
    this.card.powerOn();
  }
}
