import { Card } from '../../src/applet/card.ts';
import type { Crypto, KeyedHashes } from '../../src/hal/crypto.ts';
import { FlashNvm } from '../../src/hal/flash/flash-nvm.ts';
import { Pn532CardLink } from '../../src/hal/pn532/card-link.ts';
import { HsuPort } from '../../src/hal/pn532/hsu-port.ts';
import { board } from './board.ts';
import { boardFlash } from './board-flash.ts';
import { BoardSide, TimedCard } from './board-side.ts';
import { HostLink } from './host-link.ts';
import { pollTimers, timers } from './timers.ts';
import { UartOpener } from './uart-line.ts';
import { clock, random } from './world.ts';

/** UART to the host, and to the PN532. */
const HOST = 0;
const PN532 = 1;

/** The engine's own error: it has no class that the language knows. */
function isOutOfMemory(fault: unknown): boolean {
  return fault === null || (fault instanceof Error && fault.name === 'InternalError');
}

/**
 * Starts the card on all of its links, and gives the port's main loop what it calls.
 * @param crypto what the card computes with: hashes alone open no secure channel, and are small
 */
export function start(crypto: KeyedHashes | Crypto): void {
  // New flash gets the image as it was built; afterwards the board keeps its own state.
  const nvm = FlashNvm.open(boardFlash) ?? FlashNvm.create(boardFlash, new Uint8Array(board.image));
  let exhausted = false;
  const onFault = (fault: unknown): void => {
    exhausted ||= isOutOfMemory(fault);
  };
  const card = new Card({ nvm, clock, random, crypto, onFault });

  const timed = new TimedCard(card.port(), () => {
    exhausted = true;
  });
  const side = new BoardSide(card, timed);
  const host = new HostLink(
    timed,
    (bytes, offset, length) => board.uartWrite(HOST, bytes, offset, length),
    () => board.restart(),
    (bytes, offset, length) => side.answer(bytes, offset, length),
  );
  const chunk = new Uint8Array(256);

  // Waits for a chip for ever: a board may have none, or get one later.
  const chip = new UartOpener(PN532);
  const port = new HsuPort({ opener: chip, path: `UART ${PN532}`, timers });
  const antenna = new Pn532CardLink({ port, clock, random, timers, waitForPeer: true });
  void antenna.serve(card.port('contactless', antenna.limits));

  side.bootUs = board.microseconds();
  host.started();

  function pollHost(): boolean {
    const length = board.uartRead(HOST, chunk);
    if (length > 0) host.receive(chunk, length, board.microseconds());
    return length > 0;
  }

  // Called by the port's main loop for ever; says whether there was anything to do: otherwise the core may sleep.
  (globalThis as unknown as { poll: () => boolean }).poll = (): boolean => {
    const heard = pollHost();
    const spoken = chip.poll();
    const late = pollTimers();
    // 6F00 has gone out. What was cut short in RAM is not trusted; what lies in flash is.
    if (exhausted) board.restart();
    return late || heard || spoken;
  };
}
