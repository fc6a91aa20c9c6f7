import { useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Countdown } from '../../../web/page/countdown.tsx';
import { useLanguage } from '../../../web/page/language.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion } from '../../../web/page/status-line.tsx';
import { useAct } from '../act.ts';
import { useWords } from '../say.ts';
import type { IdentityView } from './view.ts';

interface IdentityAskedProps {
  readonly call: Call;
  readonly identity: IdentityView;
  readonly refresh: () => void;
}

/**
 * Sends the person to the identity provider, in a tab of its own: this page stays with its secret, which no address and
 * no storage may hold, and hears from its server how it went.
 */
export function IdentityAsked({ call, identity, refresh }: IdentityAskedProps) {
  const say = useWords();
  const { language } = useLanguage();
  const act = useAct(refresh);
  const [endsAt] = useState(() => performance.now() + identity.remainingMs);
  const leave = (): void =>
    act.run(async () => {
      await call('DELETE', '/api/phone/identity');
    });
  return (
    <Screen title={say('identityTitle')} entered>
      <p>{say('identityText', { provider: identity.provider })}</p>
      <LiveRegion urgent>{act.fault === '' ? null : <p class="fault">{act.fault}</p>}</LiveRegion>
      <div class="choices">
        <a
          class="button primary"
          href={`${identity.address ?? ''}&ui_locales=${language}`}
          target="_blank"
          rel="noopener noreferrer"
        >
          {say('identityOpen')}
        </a>
      </div>
      <Countdown label={say('remaining')} endsAt={endsAt} wholeMs={identity.wholeMs} onEnd={refresh} />
      <div class="row">
        <Button busy={act.busy} onPress={leave}>
          {say('cancel')}
        </Button>
      </div>
    </Screen>
  );
}
