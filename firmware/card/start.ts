import { Card } from '../../src/applet/card.ts';
import { ImageError } from '../../src/applet/image/card-image.ts';
import type { Crypto, KeyedHashes } from '../../src/hal/crypto.ts';
import type { FlashNvm } from '../../src/hal/flash/flash-nvm.ts';
import { Pn532CardLink } from '../../src/hal/pn532/card-link.ts';
import { HsuPort } from '../../src/hal/pn532/hsu-port.ts';
import { board } from './board.ts';
import { boardFlash } from './board-flash.ts';
import { answerPut, BoardSide, TimedCard } from './board-side.ts';
import { CardLoader } from './card-loader.ts';
import { DamagedCard } from './damaged-card.ts';
import { HostLink } from './host-link.ts';
import { openMemory, placeOf } from './memory.ts';
import { pollTimers, timers } from './timers.ts';
import { UartOpener } from './uart-line.ts';
import { clock, random } from './world.ts';

/** UART to the host, and to the PN532. */
const HOST = 0;
const PN532 = 1;

/** The engine has run out of RAM: the board starts anew when the answer has gone out. */
let exhausted = false;

/** The engine's own error: it has no class that the language knows. */
function isOutOfMemory(fault: unknown): boolean {
  return fault === null || (fault instanceof Error && fault.name === 'InternalError');
}

/**
 * Starts the card on all of its links, and gives the port's main loop what it calls.
 * @param crypto what the card computes with: hashes alone open no secure channel, and are small
 */
export function start(crypto: KeyedHashes | Crypto): void {
  const nvm = openMemory(boardFlash, () => new Uint8Array(board.image));
  const loader = new CardLoader(placeOf(boardFlash, nvm));
  const card = nvm === null ? null : cardOf(nvm, crypto);
  if (nvm === null || card === null) {
    startDamaged(loader);
    return;
  }
  const timed = new TimedCard(card.port(), () => {
    exhausted = true;
  });
  let chipAnswers = false;
  const side = new BoardSide(
    card,
    timed,
    {
      microseconds: () => board.microseconds(),
      block: (length) => new Uint8Array(length),
      flash: {
        pages: boardFlash.pages,
        get badPages() {
          return nvm.badPages;
        },
      },
      chipAnswers: () => chipAnswers,
    },
    loader,
  );
  const host = new HostLink(timed, toHost, restart, (bytes, offset, length) => side.answer(bytes, offset, length));

  // Waits for a chip for ever: a board may have none, or get one later.
  const chip = new UartOpener(PN532);
  const port = new HsuPort({ opener: chip, path: `UART ${PN532}`, timers });
  const antenna = new Pn532CardLink({ port, clock, random, timers, waitForPeer: true });
  void antenna.serve(card.port('contactless', antenna.limits), ({ type }) => {
    if (type === 'attached') chipAnswers = true;
    if (type === 'lost') chipAnswers = false;
  });

  side.bootUs = board.microseconds();
  serve(host, loader, () => chip.poll());
}

function onFault(fault: unknown): void {
  exhausted ||= isOutOfMemory(fault);
}

/** @returns null: what it holds is no card */
function cardOf(nvm: FlashNvm, crypto: KeyedHashes | Crypto): Card | null {
  try {
    return new Card({ nvm, clock, random, crypto, onFault });
  } catch (error) {
    if (error instanceof ImageError) return null;
    throw error;
  }
}

/** No card, and nothing over the antenna: the host is told by every answer. */
function startDamaged(loader: CardLoader): void {
  const host = new HostLink(new DamagedCard(), toHost, restart, (bytes, offset, length) =>
    answerPut(loader, bytes.subarray(offset, offset + length)),
  );
  serve(host, loader, () => false);
}

function toHost(bytes: Uint8Array, offset: number, length: number): void {
  board.uartWrite(HOST, bytes, offset, length);
}

function restart(): void {
  board.restart();
}

/** A transmitter has up to 32 bytes of an answer left, 3 ms at 115200 baud. */
function restartWhenSaid(): void {
  const until = board.microseconds() + 20_000;
  while (board.microseconds() < until);
  board.restart();
}

function serve(host: HostLink, loader: CardLoader, pollChip: () => boolean): void {
  const chunk = new Uint8Array(256);
  host.started();

  function pollHost(): boolean {
    const length = board.uartRead(HOST, chunk);
    if (length > 0) host.receive(chunk, length, board.microseconds());
    return length > 0;
  }

  // Called by the port's main loop for ever; says whether there was anything to do: otherwise the core may sleep.
  (globalThis as unknown as { poll: () => boolean }).poll = (): boolean => {
    const heard = pollHost();
    // Before anything reaches the old card.
    if (loader.replaced) restartWhenSaid();
    const spoken = pollChip();
    const late = pollTimers();
    // 6F00 has gone out. What was cut short in RAM is not trusted; what lies in flash is.
    if (exhausted) restartWhenSaid();
    return late || heard || spoken;
  };
}
