import { HalError } from '../errors.ts';
import type { Reader } from '../reader.ts';
import { systemClock } from '../system/clock.ts';

type Share = 'shared' | 'exclusive';

/**
 * Readers of the machine's PC/SC service: through nfc-pcsc, or where that does not load (not built, or built for another
 * Node) through the system's own library. The reader's `driver` says which one serves.
 * @throws {HalError} `unsupported` neither loads
 */
export async function openPcsc(share: Share): Promise<Reader> {
  try {
    const { loadNfcPcsc } = await import('../pcsc/binding.ts');
    await loadNfcPcsc();
  } catch (error) {
    if (!(error instanceof HalError && error.kind === 'unsupported')) throw error;
    return await openPcscFfi(share).catch((second: unknown) => {
      // Both reasons: either cure helps.
      const words = second instanceof HalError ? `${error.message}; ${second.message}` : error.message;
      throw new HalError('unsupported', words, { cause: second });
    });
  }
  const { PcscReader } = await import('../pcsc/index.ts');
  return new PcscReader({ clock: systemClock, share });
}

/** Through the system's own library. @throws {HalError} `unsupported` */
export async function openPcscFfi(share: Share): Promise<Reader> {
  const [{ PcscFfiReader }, { loadWinscard }] = await Promise.all([
    import('../pcsc-ffi/index.ts'),
    import('../pcsc-ffi/winscard.ts'),
  ]);
  await loadWinscard();
  return new PcscFfiReader({ clock: systemClock, share });
}
