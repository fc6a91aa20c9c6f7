import { LARGEST_COMMAND, SHORTEST_COMMAND } from '../../src/hal/apdu-size.ts';
import { HalError } from '../../src/hal/errors.ts';
import { isVirtualReader } from '../../src/hal/vpcd/reader-name.ts';
import { parseChoice, wordList } from './choice.ts';
import { type CommandReach, type ForeignReader, type Polling, pcscBackend, type ReaderDriver } from './driver.ts';
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

/** A card of ours in process. */
interface LoopbackChoice {
  readonly driver: 'loopback';
}

/** A reader of the machine's PC/SC service. */
interface PcscChoice {
  readonly driver: 'pcsc';
  /** The reader's name or a part of it; null for the first reader with a card. */
  readonly name: string | null;
}

/** The same through the system's own library, whether or not nfc-pcsc loads. */
interface PcscFfiChoice {
  readonly driver: 'pcsc-ffi';
  readonly name: string | null;
}

/** The card in the firmware of a board. */
interface FirmwareChoice {
  readonly driver: 'firmware';
  readonly path: string;
}

/** A reader at a bench of the lab. */
interface LabReaderChoice {
  readonly driver: 'lab';
  /** Label of the card in it, name of its bench, or a part of its own name. */
  readonly label: string;
}

/** A reader as it is named on the command line. */
export type ReaderChoice =
  | LoopbackChoice
  | PcscChoice
  | PcscFfiChoice
  | SerialPn532Choice
  | UsbPn532Choice
  | FirmwareChoice
  | LabReaderChoice;

type ReaderTable = { readonly [Name in ReaderChoice['driver']]: ReaderDriver<Extract<ReaderChoice, { driver: Name }>> };

/** What ISO/IEC 14443-4 carries: a PN532 chains what its buffer does not hold. */
const WHOLE_COMMANDS: CommandReach = { shortestCommand: SHORTEST_COMMAND, longestCommand: LARGEST_COMMAND };

/** vpcd's messages have a length of two bytes; with other PC/SC readers it depends on their drivers. */
const MESSAGES_OF_TWO_BYTE_LENGTH: CommandReach = { shortestCommand: SHORTEST_COMMAND, longestCommand: 0xffff };

/**
 * Every reader there is. A driver is added by its choice above and a row here, and nowhere else: options, help, errors,
 * the doctor and all verbs ask the row. A row is loaded with every command and loads its driver when it is opened.
 */
export const READERS: ReaderTable = {
  loopback: {
    forms: ['loopback'],
    words: 'a loopback reader',
    interface: null,
    needs: [],
    ourCards: 'in process',
    reach: WHOLE_COMMANDS,
    watchable: true,
    pseudoApdus: false,
    parse: (rest) => (rest === null ? { driver: 'loopback' } : null),
    polling: () => ({ detail: 'nothing polls: the card is there', hidden: false }),
  },
  pcsc: {
    forms: ['pcsc', 'pcsc:NAME'],
    words: 'a PC/SC reader',
    interface: null,
    needs: ['nfc-pcsc', 'pcscd'],
    ourCards: 'through vpcd',
    reach: MESSAGES_OF_TWO_BYTE_LENGTH,
    watchable: true,
    pseudoApdus: true,
    parse: (rest) => ({ driver: 'pcsc', name: rest }),
    polling: pcscPolling,
    open: async ({ name }, { exclusive }) => {
      const { openPcsc } = await import('../../src/hal/drivers/open-pcsc.ts');
      return { reader: await openPcsc(exclusive ? 'exclusive' : 'shared'), name, backendAt: pcscBackend };
    },
  },
  'pcsc-ffi': {
    forms: ['pcsc-ffi', 'pcsc-ffi:NAME'],
    words: 'a PC/SC reader',
    interface: null,
    needs: ['pcsc-ffi', 'pcscd'],
    ourCards: 'through vpcd',
    reach: MESSAGES_OF_TWO_BYTE_LENGTH,
    watchable: true,
    pseudoApdus: true,
    parse: (rest) => ({ driver: 'pcsc-ffi', name: rest }),
    polling: pcscPolling,
    open: async ({ name }, { exclusive }) => {
      const { openPcscFfi } = await import('../../src/hal/drivers/open-pcsc.ts');
      return { reader: await openPcscFfi(exclusive ? 'exclusive' : 'shared'), name, backendAt: pcscBackend };
    },
  },
  pn532: {
    forms: ['pn532:PORT'],
    words: 'a PN532',
    interface: 'contactless',
    needs: ['serial'],
    ourCards: 'never',
    reach: WHOLE_COMMANDS,
    watchable: false,
    pseudoApdus: false,
    parse: parseSerialPn532,
    serialPort: ({ path }) => path,
    polling: () => ({
      detail: 'the chip looks when it is told to: detection begins with the field off',
      hidden: false,
    }),
    open: async (choice) => chipReader(await serialChip(choice)),
    chip: serialChip,
  },
  acr122: {
    forms: ['acr122:NAME'],
    words: 'a PN532',
    interface: 'contactless',
    needs: ['nfc-pcsc', 'pcscd'],
    ourCards: 'never',
    reach: WHOLE_COMMANDS,
    watchable: false,
    pseudoApdus: false,
    parse: parseUsbPn532,
    polling: () => ({ detail: "the reader's own polling is switched off during the run", hidden: false }),
    open: async (choice) => chipReader(await usbChip(choice)),
    chip: usbChip,
  },
  firmware: {
    forms: ['firmware:PORT'],
    words: 'a board with the firmware',
    interface: null,
    needs: ['serial'],
    ourCards: 'on the board',
    reach: MESSAGES_OF_TWO_BYTE_LENGTH,
    watchable: false,
    pseudoApdus: false,
    parse: (rest) => (rest === null ? null : { driver: 'firmware', path: rest }),
    serialPort: ({ path }) => path,
    polling: () => ({ detail: 'nothing polls: the card is in the board', hidden: false }),
    open: async ({ path }) => {
      const [{ FirmwareReader }, { SystemSerialPorts }, { systemClock }, backend] = await Promise.all([
        import('../../src/hal/firmware/index.ts'),
        import('../../src/hal/serial/serial-port.ts'),
        import('../../src/hal/system/clock.ts'),
        serialBackend(path),
      ]);
      const reader = new FirmwareReader({ path, lines: new SystemSerialPorts(), clock: systemClock });
      return {
        reader,
        name: null,
        backendAt: () => backend,
        screen: async (options) => {
          const board = await reader.board(options);
          const card = await board.card();
          const typed = card.windowSeconds > 0 && card.interface === 'contactless';
          return typed ? (command) => board.asHolder(command) : null;
        },
        commandTime: async (options) => {
          const board = await reader.board(options);
          const ask = async (): Promise<number> => (await board.figures()).commandUs;
          try {
            await ask();
          } catch (error) {
            if (error instanceof HalError && error.kind === 'unsupported') return null;
            throw error;
          }
          return ask;
        },
      };
    },
  },
  lab: {
    forms: ['lab:LABEL'],
    words: 'a reader of the lab',
    interface: null,
    needs: [],
    ourCards: 'never',
    reach: MESSAGES_OF_TWO_BYTE_LENGTH,
    watchable: false,
    pseudoApdus: false,
    parse: (rest) => (rest === null ? null : { driver: 'lab', label: rest }),
    polling: () => ({
      detail: "the reader polls by itself at its bench; the network's time is not in the figures of an exchange",
      hidden: true,
    }),
    open: async ({ label }, { signal }) => {
      const { openLabReader } = await import('./lab.ts');
      return openLabReader(label, process.env, signal);
    },
  },
};

/** What is taken where a verb names no reader: that of a card in a reader, and that of a card of ours. */
export const READER_OF_A_CARD: ReaderChoice = { driver: 'pcsc', name: null };
export const READER_OF_OUR_CARD: ReaderChoice = { driver: 'loopback' };

/** `loopback, pcsc, pcsc:NAME, … or firmware:PORT` */
export const READER_FORMS: string = wordList(Object.values(READERS).flatMap(({ forms }) => forms));

/** @param text as typed after `--reader` @throws {UsageError} */
export function parseReader(text: string): ReaderChoice {
  return parseChoice<ReaderChoice>(READERS, text, `a reader is ${READER_FORMS}`);
}

/** The row of the reader that was chosen, which takes this choice and no other. */
export function readerDriver(choice: ReaderChoice): ReaderDriver<ReaderChoice> {
  return READERS[choice.driver] as ReaderDriver<ReaderChoice>;
}

async function chipReader({ port, backend }: ChipPort): Promise<ForeignReader> {
  const [{ Pn532Reader }, { systemClock }] = await Promise.all([
    import('../../src/hal/pn532/reader.ts'),
    import('../../src/hal/system/clock.ts'),
  ]);
  return { reader: new Pn532Reader({ port, clock: systemClock }), name: null, backendAt: backend };
}

function pcscPolling(reader: string): Polling {
  const detail = isVirtualReader(reader)
    ? 'pcscd asks vpcd every 400 ms whether the card is there, between commands; detection is not in the figures'
    : 'the reader polls for cards by itself, mostly every 100 to 400 ms; the card lies there, so detection is not in the figures';
  return { detail, hidden: true };
}
