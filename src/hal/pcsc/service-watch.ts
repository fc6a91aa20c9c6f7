import type { HalError } from '../errors.ts';
import { requireService } from './service-socket.ts';

/** A call that takes longer may wait for a service that is stopped: the service is asked, again and again. */
const CALL_QUIET_MS = 1000;
/** How long the service may take to say that it lives. */
export const SIGN_OF_LIFE_MS = 1000;

/**
 * Asks the service every second, during a call to it, whether it still answers: what waits for one that is stopped waits
 * for ever.
 * @param onSilent called once at most
 * @returns ends the watch
 */
export function watchService(onSilent: (error: HalError) => void): () => void {
  let over = false;
  let timer: NodeJS.Timeout;
  const askAgain = (): void => {
    if (!over) timer = setTimeout(() => requireService(SIGN_OF_LIFE_MS).then(askAgain, judge), CALL_QUIET_MS);
  };
  const judge = (error: HalError): void => {
    // A service that ends or is restarted ends the call itself, with a reason of its own.
    if (error.cause !== undefined) askAgain();
    else if (!over) onSilent(error);
  };
  askAgain();
  return () => {
    over = true;
    clearTimeout(timer);
  };
}
