import type { CardLink } from '../../src/hal/card-link.ts';
import { UsageError } from '../console/failure.ts';
import { parseChoice, wordList } from './choice.ts';
import { type LinkDriver, type LinkOptions, pcscBackend } from './driver.ts';
import {
  type ChipPort,
  parseSerialPn532,
  parseUsbPn532,
  type SerialPn532Choice,
  serialBackend,
  serialChip,
  type UsbPn532Choice,
  usbChip,
} from './pn532.ts';

/** The virtual reader of a pcscd. */
interface VpcdChoice {
  readonly driver: 'vpcd';
  readonly host: string;
  readonly port: number;
}

/** A PN532 on a serial port, as the card's antenna. */
interface SerialPn532Link extends SerialPn532Choice {
  /** By our own ISO/IEC 14443-4 instead of the chip's. */
  readonly raw: boolean;
}

/** A link as it is named on the command line. */
export type LinkChoice = VpcdChoice | SerialPn532Link | UsbPn532Choice;

type LinkTable = { readonly [Name in LinkChoice['driver']]: LinkDriver<Extract<LinkChoice, { driver: Name }>> };

/** Where vpcd listens as Debian installs it: the driver's own defaults, which every command would load for a number. */
const VPCD_HOST = '127.0.0.1';
const VPCD_PORT = 35963;

const RAW = ',raw';

/** Every link there is; as with the readers, a driver is added by its choice above and a row here. */
export const LINKS: LinkTable = {
  vpcd: {
    forms: ['vpcd', 'vpcd:HOST', 'vpcd:HOST:PORT'],
    words: 'the virtual reader',
    interface: null,
    needs: ['pcscd', 'vpcd'],
    peer: 'reader',
    extended: () => true,
    parse: parseVpcd,
    backend: async () => 'simulated',
    open: async ({ host, port }, { interface: cardInterface, wait }) => {
      const [{ VpcdLink }, { systemClock }] = await Promise.all([
        import('../../src/hal/vpcd/index.ts'),
        import('../../src/hal/system/clock.ts'),
      ]);
      return new VpcdLink({ interface: cardInterface, clock: systemClock, host, port, waitForPeer: wait });
    },
    rehearse: async (card, commands) => {
      const [{ rehearse }, { systemClock }] = await Promise.all([
        import('../../src/hal/vpcd/rehearsal.ts'),
        import('../../src/hal/system/clock.ts'),
      ]);
      await rehearse(card, commands, systemClock);
    },
  },
  pn532: {
    forms: ['pn532:PORT', 'pn532:PORT,raw'],
    words: 'a PN532',
    interface: 'contactless',
    needs: ['serial'],
    peer: 'board',
    parse: (rest) => {
      const raw = rest?.endsWith(RAW) === true;
      const choice = parseSerialPn532(raw ? rest.slice(0, -RAW.length) : rest);
      return choice === null ? null : { ...choice, raw };
    },
    serialPort: ({ path }) => path,
    // The chip's own protocol carries short APDUs.
    extended: ({ raw }) => raw,
    backend: ({ path }) => serialBackend(path),
    open: async (choice, options) => chipLink(await serialChip(choice), options, { mode: choice.raw ? 'raw' : 'picc' }),
  },
  acr122: {
    forms: ['acr122:NAME'],
    words: 'a PN532',
    interface: 'contactless',
    needs: ['nfc-pcsc', 'pcscd'],
    peer: 'board',
    parse: (rest) => {
      if (rest?.endsWith(RAW) === true) {
        throw new UsageError('an ACR122 is too slow for raw: its firmware stands between us and the chip');
      }
      return parseUsbPn532(rest);
    },
    extended: () => false,
    // The reader is opened when the card is served, and a trace begins before: its name has to tell.
    backend: async ({ name }) => pcscBackend(name),
    open: async (choice, options) => {
      const { ACR122_LARGEST_RESPONSE } = await import('../../src/hal/acr122/index.ts');
      return chipLink(await usbChip(choice), options, {
        mode: 'picc',
        largestResponse: ACR122_LARGEST_RESPONSE,
      });
    },
  },
};

/** What is taken where a verb names no link. */
export const USUAL_LINK: LinkChoice = { driver: 'vpcd', host: VPCD_HOST, port: VPCD_PORT };

/** `vpcd, vpcd:HOST, … or acr122:NAME` */
export const LINK_FORMS: string = wordList(Object.values(LINKS).flatMap(({ forms }) => forms));

/** @param text as typed after `--link` @throws {UsageError} */
export function parseLink(text: string): LinkChoice {
  return parseChoice<LinkChoice>(LINKS, text, `a link is ${LINK_FORMS}`);
}

/** The row of the link that was chosen, which takes this choice and no other. */
export function linkDriver(choice: LinkChoice): LinkDriver<LinkChoice> {
  return LINKS[choice.driver] as LinkDriver<LinkChoice>;
}

/** `HOST` or `HOST:PORT`, where an IPv6 address stands in brackets. */
function parseVpcd(rest: string | null): VpcdChoice | null {
  if (rest === null) return { driver: 'vpcd', host: VPCD_HOST, port: VPCD_PORT };
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/.exec(rest);
  const port = match?.[2] === undefined ? VPCD_PORT : Number(match[2]);
  if (match === null || port < 1 || port > 65535) return null;
  return { driver: 'vpcd', host: (match[1] as string).replace(/^\[|\]$/g, ''), port };
}

async function chipLink(
  { port }: ChipPort,
  { interface: cardInterface, wait }: LinkOptions,
  own: { readonly mode: 'raw' | 'picc'; readonly largestResponse?: number },
): Promise<CardLink> {
  const [{ Pn532CardLink }, { systemRandom }, { systemClock }] = await Promise.all([
    import('../../src/hal/pn532/card-link.ts'),
    import('../../src/hal/system/random.ts'),
    import('../../src/hal/system/clock.ts'),
  ]);
  return new Pn532CardLink({
    port,
    clock: systemClock,
    random: systemRandom,
    interface: cardInterface,
    waitForPeer: wait,
    ...own,
  });
}
