import { copyBytes } from '../../apdu/copy-bytes.ts';
import { HalError } from '../errors.ts';
import { countHeldCall } from '../system/exit-now.ts';
import { cureOf } from '../system/installation.ts';
import { type WinscardPlatform, winscardPlatform } from './platform.ts';

/** Constants of PC/SC (winscard.h, and pcsclite.h where the two agree). */
export const SHARE = { exclusive: 1, shared: 2, direct: 3 } as const;
export const PROTOCOL = { none: 0, t0: 1, t1: 2 } as const;
export const DISPOSITION = { leave: 0, reset: 1, unpower: 2 } as const;
export const STATE = { changed: 0x02, unknown: 0x04, unavailable: 0x08, present: 0x20 } as const;
export const SUCCESS = 0;

const SCOPE_SYSTEM = 2;
/** The reader whose state changes when readers come and go. */
export const PNP_READER = '\\\\?PnP?\\Notification';

/** A context or a card handle as the library numbers it. */
export type Handle = number | bigint;

/** A reader's state: asked from `known` on, answered in `event`, whose upper half counts insertions and removals. */
export interface ReaderState {
  readonly name: string;
  readonly event: number;
  readonly atr: Uint8Array;
}

/**
 * The functions of PC/SC that we use, each on a thread of its own, so that none holds the event loop. `code` is that of
 * the function, 0 for success, as an unsigned number of 32 bits.
 */
export interface Winscard {
  readonly platform: WinscardPlatform;
  establishContext(): Promise<{ code: number; context: Handle }>;
  releaseContext(context: Handle): Promise<number>;
  cancel(context: Handle): Promise<number>;
  /** @returns the names; none when no reader is connected */
  listReaders(context: Handle): Promise<{ code: number; names: readonly string[] }>;
  /** Returns when a state differs from the known one, or after the time. @param known name → state as last told, 0 */
  getStatusChange(
    context: Handle,
    known: ReadonlyMap<string, number>,
    timeoutMs: number,
  ): Promise<{ code: number; states: readonly ReaderState[] }>;
  connect(
    context: Handle,
    reader: string,
    share: number,
    protocols: number,
  ): Promise<{ code: number; card: Handle; protocol: number }>;
  reconnect(
    card: Handle,
    share: number,
    protocols: number,
    initialization: number,
  ): Promise<{ code: number; protocol: number }>;
  disconnect(card: Handle, disposition: number): Promise<number>;
  beginTransaction(card: Handle): Promise<number>;
  endTransaction(card: Handle, disposition: number): Promise<number>;
  /** The ATR of the card as it is now. */
  status(card: Handle): Promise<{ code: number; atr: Uint8Array }>;
  /** @param command of the caller, not changed until the promise settles @param onAnswer called as soon as it is there */
  transmit(
    card: Handle,
    protocol: number,
    command: Uint8Array,
    largestResponse: number,
    onAnswer: () => void,
  ): Promise<{ code: number; response: Uint8Array }>;
  control(
    card: Handle,
    code: number,
    data: Uint8Array,
    largestResponse: number,
  ): Promise<{ code: number; response: Uint8Array }>;
}

type Koffi = typeof import('koffi').default;
type CType = Parameters<Koffi['sizeof']>[0];
type Library = ReturnType<Koffi['load']>;
type Native = {
  async(...args: [...unknown[], (error: Error | null, code: number | bigint) => void]): void;
};

let loaded: Promise<Winscard> | null = null;

/** The system's library, loaded at the first call. @throws {HalError} `unsupported` the library or koffi is missing */
export function loadWinscard(): Promise<Winscard> {
  loaded ??= open(winscardPlatform()).catch((error: unknown) => {
    loaded = null;
    throw error;
  });
  return loaded;
}

/** Names as they come from SCardListReaders: each ends with a zero byte, the list with another. */
export function readMultiString(bytes: Uint8Array): string[] {
  return new TextDecoder()
    .decode(bytes)
    .split('\0')
    .filter((name) => name !== '');
}

async function open(platform: WinscardPlatform): Promise<Winscard> {
  const koffi = await loadKoffi();
  const library = openLibrary(koffi, platform);
  return bind(koffi, library, platform);
}

async function loadKoffi(): Promise<Koffi> {
  try {
    return (await import('koffi')).default;
  } catch (error) {
    const cure = cureOf({ is: 'missing', name: 'koffi' });
    const words = `PC/SC by FFI needs the package koffi, which does not load here (it is optional): run \`${cure}\``;
    throw new HalError('unsupported', words, { cause: error });
  }
}

function openLibrary(koffi: Koffi, { libraries }: WinscardPlatform): Library {
  let cause: unknown;
  for (const name of libraries) {
    try {
      return koffi.load(name);
    } catch (error) {
      cause = error;
    }
  }
  const debian = process.platform === 'linux' ? ' (Debian: libpcsclite1)' : '';
  throw new HalError('unsupported', `the PC/SC library ${libraries[0]} is not installed${debian}`, { cause });
}

/** Everything that a foreign thread reads or writes has an ArrayBuffer of its own, which no garbage collector moves. */
function stableBytes(length: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(length));
}

function stableCopy(bytes: Uint8Array): Uint8Array {
  const copy = stableBytes(Math.max(bytes.length, 1));
  copy.set(bytes);
  return copy;
}

/** A LONG of 64 bits has its sign extended. */
function unsigned(code: number | bigint): number {
  return Number(code) >>> 0;
}

/** SCARD_READERSTATE and SCARD_IO_REQUEST as a system lays them out, without names, so that they can be made again. */
export function structuresOf(
  koffi: Koffi,
  { dword, atrBytes, packed }: Pick<WinscardPlatform, 'dword' | 'atrBytes' | 'packed'>,
): { readonly readerState: ReturnType<Koffi['struct']>; readonly ioRequest: ReturnType<Koffi['struct']> } {
  const structure = packed ? koffi.pack : koffi.struct;
  const readerState = structure({
    szReader: 'const char *',
    pvUserData: 'void *',
    dwCurrentState: dword,
    dwEventState: dword,
    cbAtr: dword,
    rgbAtr: koffi.array('uint8_t', atrBytes, 'Typed'),
  });
  return { readerState, ioRequest: structure({ dwProtocol: dword, cbPciLength: dword }) };
}

function bind(koffi: Koffi, library: Library, platform: WinscardPlatform): Winscard {
  const { dword, long, handle, suffix, convention, atrBytes } = platform;
  const { readerState, ioRequest } = structuresOf(koffi, platform);
  const ioRequestBytes = koffi.sizeof(ioRequest);
  const pointer = (type: CType): CType => koffi.pointer(type);
  const word = koffi.out(pointer(dword));
  const inWord = koffi.inout(pointer(dword));
  const newHandle = koffi.out(pointer(handle));
  const bytes = pointer('uint8_t');

  const native = (name: string, ...parameters: CType[]): Native => {
    if (convention === '') return library.func(name, long, parameters);
    return library.func(convention, name, long, parameters);
  };
  const call = (fn: Native, ...args: unknown[]): Promise<number> =>
    new Promise((resolve, reject) => {
      countHeldCall(1);
      fn.async(...args, (error, code) => {
        countHeldCall(-1);
        if (error) reject(error);
        else resolve(unsigned(code));
      });
    });

  const fn = {
    establish: native('SCardEstablishContext', dword, 'void *', 'void *', newHandle),
    release: native('SCardReleaseContext', handle),
    cancel: native('SCardCancel', handle),
    list: native(`SCardListReaders${suffix}`, handle, 'const char *', bytes, inWord),
    change: native(`SCardGetStatusChange${suffix}`, handle, dword, koffi.inout(pointer(readerState)), dword),
    connect: native(`SCardConnect${suffix}`, handle, 'const char *', dword, dword, newHandle, word),
    reconnect: native('SCardReconnect', handle, dword, dword, dword, word),
    disconnect: native('SCardDisconnect', handle, dword),
    begin: native('SCardBeginTransaction', handle),
    end: native('SCardEndTransaction', handle, dword),
    status: native(`SCardStatus${suffix}`, handle, bytes, inWord, word, word, bytes, inWord),
    transmit: native('SCardTransmit', handle, pointer(ioRequest), bytes, dword, 'void *', bytes, inWord),
    control: native('SCardControl', handle, dword, bytes, dword, bytes, dword, word),
  };

  return {
    platform,
    async establishContext() {
      const context: [Handle] = [0];
      const code = await call(fn.establish, SCOPE_SYSTEM, null, null, context);
      return { code, context: context[0] };
    },
    releaseContext: (context) => call(fn.release, context),
    cancel: (context) => call(fn.cancel, context),
    async listReaders(context) {
      const length: [number] = [0];
      const sized = await call(fn.list, context, null, null, length);
      if (sized !== SUCCESS || length[0] === 0) return { code: sized, names: [] };
      // Readers may come between the two calls.
      const room = length[0] + 1024;
      const names = stableBytes(room);
      const filled: [number] = [room];
      const code = await call(fn.list, context, null, names, filled);
      return { code, names: code === SUCCESS ? readMultiString(names.subarray(0, Math.min(filled[0], room))) : [] };
    },
    async getStatusChange(context, known, timeoutMs) {
      const states = [...known].map(([szReader, dwCurrentState]) => ({
        szReader,
        pvUserData: null,
        dwCurrentState,
        dwEventState: 0,
        cbAtr: 0,
        rgbAtr: new Uint8Array(atrBytes),
      }));
      const code = await call(fn.change, context, timeoutMs, states, states.length);
      const names = [...known.keys()];
      return {
        code,
        states: states.map(({ dwEventState, cbAtr, rgbAtr }, index) => ({
          name: names[index] as string,
          event: Number(dwEventState),
          atr: Uint8Array.from(rgbAtr.subarray(0, Math.min(Number(cbAtr), atrBytes))),
        })),
      };
    },
    async connect(context, reader, share, protocols) {
      const card: [Handle] = [0];
      const protocol: [number] = [0];
      const code = await call(fn.connect, context, reader, share, protocols, card, protocol);
      return { code, card: card[0], protocol: Number(protocol[0]) };
    },
    async reconnect(card, share, protocols, initialization) {
      const protocol: [number] = [0];
      const code = await call(fn.reconnect, card, share, protocols, initialization, protocol);
      return { code, protocol: Number(protocol[0]) };
    },
    disconnect: (card, disposition) => call(fn.disconnect, card, disposition),
    beginTransaction: (card) => call(fn.begin, card),
    endTransaction: (card, disposition) => call(fn.end, card, disposition),
    async status(card) {
      const name = stableBytes(1024);
      const nameLength: [number] = [name.length];
      const atr = stableBytes(atrBytes);
      const atrLength: [number] = [atr.length];
      const code = await call(fn.status, card, name, nameLength, [0], [0], atr, atrLength);
      return { code, atr: Uint8Array.from(atr.subarray(0, Math.min(Number(atrLength[0]), atr.length))) };
    },
    async transmit(card, protocol, command, largestResponse, onAnswer) {
      const response = stableBytes(largestResponse);
      const length: [number] = [largestResponse];
      const request = { dwProtocol: protocol, cbPciLength: ioRequestBytes };
      const data = stableCopy(command);
      const answered = call(fn.transmit, card, request, data, command.length, null, response, length);
      const code = await answered;
      onAnswer();
      data.fill(0);
      return { code, response: code === SUCCESS ? copyBytes(response, 0, Number(length[0])) : new Uint8Array(0) };
    },
    async control(card, controlCode, data, largestResponse) {
      const response = stableBytes(largestResponse);
      const length: [number] = [0];
      const code = await call(
        fn.control,
        card,
        controlCode,
        stableCopy(data),
        data.length,
        response,
        largestResponse,
        length,
      );
      return { code, response: code === SUCCESS ? copyBytes(response, 0, Number(length[0])) : new Uint8Array(0) };
    },
  };
}
