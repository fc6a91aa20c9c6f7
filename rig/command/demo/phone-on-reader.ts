import { createLoopback } from '../../../src/hal/loopback/index.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import type { OpenedReader } from '../../endpoint/open-reader.ts';
import type { Phone } from '../../life/phone/phone.ts';

/** Puts a phone of this process on a contactless reader of this process. */
export async function onReader(phone: Phone): Promise<OpenedReader> {
  const { link, reader } = createLoopback({ interface: 'contactless', clock: systemClock });
  const served = link.serve(phone.card.port('contactless', link.limits));
  return {
    reader,
    name: null,
    own: null,
    backendAt: () => 'simulated',
    close: async () => {
      await reader.close();
      link.stop();
      await served;
    },
  };
}
