import { HalError } from '../../../src/hal/errors.ts';
import type { Reader } from '../../../src/hal/reader.ts';

const LOOK_MS = 200;

/**
 * Looks whether the card of a session that is idle is still there.
 * @param reader whose `list` looks at what is known already, and says nothing to the card
 * @param onGone called once at most, with `card-removed`, `reader-lost` or why the driver cannot tell any more
 * @returns ends the watch
 */
export function watchPresence(reader: Reader, name: string, onGone: (error: HalError) => void): () => void {
  let over = false;
  const gone = (error: HalError): void => {
    if (!over) onGone(error);
    over = true;
    clearInterval(timer);
  };
  const look = async (): Promise<void> => {
    try {
      const found = (await reader.list()).find((each) => each.name === name);
      if (found === undefined) gone(new HalError('reader-lost', `the reader "${name}" was unplugged`));
      else if (!found.cardPresent) gone(new HalError('card-removed', `the card was taken out of "${name}"`));
    } catch (error) {
      if (error instanceof HalError) gone(error);
      else throw error;
    }
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  return () => {
    over = true;
    clearInterval(timer);
  };
}
