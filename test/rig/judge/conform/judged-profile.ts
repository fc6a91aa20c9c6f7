import { parseProfile } from '../../../../rig/card/profile/index.ts';
import { InProcessCard } from '../../../../rig/judge/conform/card-under-test.ts';
import { declareProfile } from '../../../../rig/judge/conform/declare-profile.ts';
import { runSuite } from '../../../../rig/judge/conform/run-suite.ts';
import { loadSuite } from '../../../../rig/judge/conform/suites/index.ts';
import { Card } from '../../../../src/applet/card.ts';
import { personalise } from '../../../../src/applet/image/personalise.ts';
import { nobleHashes } from '../../../../src/hal/noble/hashes.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { MemoryNvm } from '../../../../src/hal/nvm/memory.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';

const crypto = nobleCrypto();

/** What a card of a profile is judged to do wrong: nothing. The cases with a command for each P1-P2 are left out. */
export async function faultsOf(text: string): Promise<string[]> {
  const specification = parseProfile(text, 'random', { random: new SeededRandom('conform'), crypto });
  const image = personalise(specification, crypto);
  const card = new InProcessCard('random', (onFault) =>
    new Card({
      random: new SeededRandom('judged'),
      nvm: new MemoryNvm(image),
      clock: systemClock,
      crypto: nobleHashes(),
      onFault,
    }).port(specification.interface),
  );
  const settings = {
    declaration: declareProfile(specification),
    destructive: true,
    signal: new AbortController().signal,
  };
  const { cases } = await loadSuite('iso7816-4');
  const some = cases.filter(({ id }) => !/^(SEL-118|RBI-028|RBI-029|RRX-.7)$/.test(id));
  const results = await runSuite(some, card, settings, () => {});
  return results
    .filter(({ verdict }) => verdict === 'fail' || verdict === 'inconclusive')
    .map(({ id, verdict, reason }) => `${verdict} ${id}: ${reason}`);
}
