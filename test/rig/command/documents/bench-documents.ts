import { type RealDocuments, read } from './real-documents.ts';

/** Every bench that needs no real part. */
export async function benchDocuments(documents: RealDocuments): Promise<void> {
  const { at, keep, printed } = documents;
  await printed('bench-tap', 'bench', 'tap', '--profile', 'vitale2', '--taps', '12', '--save', at('taps.json'));
  keep('bench-tap', read(at('taps.json')));
  const again = ['bench', 'tap', '--profile', 'vitale2', '--taps', '12', '--rate', '200', '--what-if', 'rate=848'];
  await printed('bench-tap', ...again, '--baseline', at('taps.json'));
  const cat = `cat '${at('taps.json')}'`;
  await printed('bench-compare', 'bench', 'compare', '--a', cat, '--b', cat, '--rounds', '8', '--warm-up', '1');
  await printed('bench-compare', 'bench', 'compare', '--a', 'true', '--b', 'true', '--rounds', '8');
  await printed('bench-apdu', 'bench', 'apdu', '--profile', 'reference', '--count', '20');
  await printed('bench-core', 'bench', 'core', '--count', '20');
  await printed('bench-crowd', 'bench', 'crowd', '--profile', 'reference', '--cards', '3', '--taps', '20');
  await printed('bench-crypto', 'bench', 'crypto', '--count', '1', '--curve', 'P-256');
  await printed('bench-issuer', 'bench', 'issuer', '--count', '3', '--sizes', '4,8', '--lists', '1000');
  await printed('bench-flash', 'bench', 'flash', '--boards', '2', '--runs', '1', '--size', '1024');
  await printed('bench-soak', 'bench', 'soak', '--profile', 'reference', '--minutes', '0.01');
}
