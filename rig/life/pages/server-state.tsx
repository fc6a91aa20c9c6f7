import type { CallRefused } from '../../web/page/access.ts';
import { useFrameWords } from '../../web/page/language.tsx';
import { LiveRegion, StatusLine } from '../../web/page/status-line.tsx';
import { useRefusalWords } from './say.ts';

/** Whether the server is there, and why not. */
export function ServerState({ heard, failure }: { readonly heard: boolean; readonly failure: CallRefused | null }) {
  const say = useFrameWords();
  const inWords = useRefusalWords();
  const words = (): string => {
    if (failure?.code === 'UNREACHABLE') return say('unreachable');
    if (failure?.code === 'secret-missing') return say('secretRefused');
    return failure === null ? say('loading') : inWords(failure);
  };
  return (
    <LiveRegion urgent={failure !== null}>
      {heard && failure === null ? null : <StatusLine tone={failure === null ? 'plain' : 'bad'}>{words()}</StatusLine>}
    </LiveRegion>
  );
}
