import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion } from '../../../web/page/status-line.tsx';
import { useAct } from '../act.ts';
import { useWords } from '../say.ts';
import { CodeScreen } from './code-screen.tsx';
import type { CodeRequest } from './view.ts';

interface PukNoteProps {
  readonly call: Call;
  readonly puk: string;
  readonly onNoted: () => void;
  readonly refresh: () => void;
}

/** The PUK, in groups as a person writes it down. The card forgets it once its holder says that it is noted. */
export function PukNote({ call, puk, onNoted, refresh }: PukNoteProps) {
  const say = useWords();
  const act = useAct(refresh);
  const noted = (): void =>
    act.run(async () => {
      await call('POST', '/api/phone/puk-noted', {});
      onNoted();
    });
  return (
    <Screen key="puk" title={say('pukTitle')} entered>
      <p>{say('pukText')}</p>
      <p class="can">{puk}</p>
      <LiveRegion urgent>{act.fault === '' ? null : <p class="fault">{act.fault}</p>}</LiveRegion>
      <div class="row">
        <Button kind="primary" busy={act.busy} onPress={noted}>
          {say('pukNoted')}
        </Button>
      </div>
    </Screen>
  );
}

interface PukCodeProps {
  readonly call: Call;
  readonly triesLeft: number | null;
  readonly onPuk: (puk: string) => void;
  readonly onCancel: () => void;
  readonly refresh: () => void;
}

/** The code, for the PUK that nobody has said to be noted. */
export function PukCode({ call, triesLeft, onPuk, onCancel, refresh }: PukCodeProps) {
  const say = useWords();
  const act = useAct(refresh);
  const show = (code: string): void =>
    act.run(async () => {
      const request: CodeRequest = { code };
      const { puk } = await call<{ puk: string | null }>('POST', '/api/phone/puk', request);
      if (puk === null) onCancel();
      else onPuk(puk);
    });
  return <CodeScreen title={say('typeCode')} triesLeft={triesLeft} act={act} onCode={show} onCancel={onCancel} />;
}
