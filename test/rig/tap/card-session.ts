import { openCard } from '../../../rig/card/open.ts';
import { PhoneScreen } from '../../../rig/card/phone-screen.ts';
import { loadProfile } from '../../../rig/card/profile/index.ts';
import { Card } from '../../../src/applet/card.ts';
import type { CardPort } from '../../../src/applet/card-port.ts';
import { personalise } from '../../../src/applet/image/personalise.ts';
import { exportApplets } from '../../../src/applet/vitale/export-object.ts';
import { UNLIMITED } from '../../../src/hal/apdu-size.ts';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import { MemoryNvm } from '../../../src/hal/nvm/memory.ts';
import type { CardSession } from '../../../src/hal/reader.ts';
import { VirtualClock } from '../../../src/hal/virtual/clock.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';
import { holderAlone } from '../card/profile/holder-alone.ts';
import { world } from '../card/profile/small-profile.ts';

/** A session with a card in process, whose every exchange takes one microsecond. */
export function sessionWith(answer: (command: Uint8Array) => Uint8Array, protocol = 'T=1'): CardSession {
  let nowNs = 0;
  return {
    reader: 'test',
    atr: new Uint8Array(0),
    protocol,
    async transmit(command) {
      nowNs += 1000;
      return { response: answer(command), startNs: nowNs - 1000, endNs: nowNs };
    },
    reset: async () => {},
    control: async () => new Uint8Array(0),
    disconnect: async () => {},
  };
}

export function answerOf(port: CardPort): (command: Uint8Array) => Uint8Array {
  return (command) => Uint8Array.from(port.response.subarray(0, port.process(command, 0, command.length)));
}

/** apcv that gives all after the holder's unlock, in clear: what plans do is seen on the wire. */
export const HOLDER_ALONE = 'apcv without a channel';

/** A port of a shipped card with power, and the holder's code typed on its screen where it has one. */
export async function poweredPort(
  profile: string,
  cardInterface: CardInterface,
  largestResponse?: number,
): Promise<CardPort> {
  const card =
    profile === HOLDER_ALONE ? await cardOfHolderAlone() : (await openCard({ kind: 'profile', name: profile })).card;
  if (card.holder.present) new PhoneScreen(card).unlock(Buffer.from('274916'));
  const port = card.port(cardInterface, largestResponse === undefined ? UNLIMITED : { ...UNLIMITED, largestResponse });
  port.powerOn();
  return port;
}

async function cardOfHolderAlone(): Promise<Card> {
  const { crypto } = world();
  return new Card({
    nvm: new MemoryNvm(personalise(holderAlone(await loadProfile('apcv', world())), crypto)),
    clock: new VirtualClock(),
    crypto,
    random: new SeededRandom('plans'),
    applets: exportApplets,
  });
}
