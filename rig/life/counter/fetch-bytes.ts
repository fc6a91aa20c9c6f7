/** The bytes at an address, or why there are none. */
export type Fetched = { readonly bytes: Uint8Array } | { readonly problem: string };

/**
 * Asks for a public document: no redirect is followed, and no more is read than it may have.
 * @throws the signal's reason
 */
export async function fetchBytes(
  url: string,
  accept: string,
  most: number,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<Fetched> {
  const { origin } = new URL(url);
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await fetch(url, {
      headers: { accept },
      redirect: 'error',
      signal: AbortSignal.any([signal, limit]),
    });
    if (!answer.ok) {
      // Else its connection would be held until somebody collects the garbage.
      await answer.body?.cancel();
      return { problem: `${origin} answered ${answer.status}` };
    }
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
      size += part.length;
      if (size > most) return { problem: `${origin} answered with more than ${most} bytes` };
      parts.push(part);
    }
    return { bytes: Buffer.concat(parts) };
  } catch {
    signal.throwIfAborted();
    if (limit.aborted) return { problem: `${origin} did not answer within ${timeoutMs / 1000} s` };
    return { problem: `${origin} cannot be reached` };
  }
}
