import { Card } from '../../src/applet/card.ts';
import type { Crypto, KeyedHashes } from '../../src/hal/crypto.ts';
import { Pn532CardLink } from '../../src/hal/pn532/card-link.ts';
import { HsuPort } from '../../src/hal/pn532/hsu-port.ts';
import { board } from './board.ts';
import { boardFlash } from './board-flash.ts';
import { BoardSide, TimedCard } from './board-side.ts';
import { DamagedCard } from './damaged-card.ts';
import { HostLink } from './host-link.ts';
import { openMemory } from './memory.ts';
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
  if (nvm === null) {
    startDamaged();
    return;
  }
  const onFault = (fault: unknown): void => {
    exhausted ||= isOutOfMemory(fault);
  };
  const card = new Card({ nvm, clock, random, crypto, onFault });

  const timed = new TimedCard(card.port(), () => {
    exhausted = true;
  });
  let chipAnswers = false;
  const side = new BoardSide(card, timed, {
    microseconds: () => board.microseconds(),
    block: (length) => new Uint8Array(length),
    flash: {
      pages: boardFlash.pages,
      get badPages() {
        return nvm.badPages;
      },
    },
    chipAnswers: () => chipAnswers,
  });
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
  serve(host, () => chip.poll());
}

/** No card, and nothing over the antenna: the host is told by every answer. */
function startDamaged(): void {
  serve(new HostLink(new DamagedCard(), toHost, restart), () => false);
}

function toHost(bytes: Uint8Array, offset: number, length: number): void {
  board.uartWrite(HOST, bytes, offset, length);
}

function restart(): void {
  board.restart();
}

function serve(host: HostLink, pollChip: () => boolean): void {
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
    const spoken = pollChip();
    const late = pollTimers();
    // 6F00 has gone out. What was cut short in RAM is not trusted; what lies in flash is.
    if (exhausted) board.restart();
    return late || heard || spoken;
  };
}
