import type { Call } from '../../../web/page/access.ts';
import { Frame, showPage } from '../../../web/page/frame.tsx';
import { usePolled } from '../../../web/page/polled.ts';
import { Screen } from '../../../web/page/screen.tsx';
import { OPERATOR_REFUSAL_TABLE } from '../refusals.ts';
import { RefusalsOfPage, useWords } from '../say.ts';
import { ServerState } from '../server-state.tsx';
import { CardsPanel } from './cards-panel.tsx';
import { ReviewPanel } from './review-panel.tsx';
import { RolloutPanel } from './rollout-panel.tsx';
import type { RegistryStatus } from './view.ts';
import '../../../web/page/style.css';
import './style.css';

const EVERY_MS = 3000;

/** The issuer as its operator sees it: how much is there, who waits for a decision, which departments are open. */
function IssuerPage({ call }: { readonly call: Call }) {
  const say = useWords();
  const { view, failure, refresh } = usePolled<RegistryStatus>(call, '/v1/operator/status', EVERY_MS);
  return (
    <Frame title={say('issuerTitle')}>
      <ServerState heard={view !== null} failure={failure} />
      {view === null ? null : (
        <div class="columns">
          <div>
            <ReviewPanel call={call} />
            <CardsPanel call={call} refresh={refresh} />
          </div>
          <div>
            <RegistryPanel view={view} />
            <RolloutPanel call={call} refresh={refresh} />
          </div>
        </div>
      )}
    </Frame>
  );
}

function RegistryPanel({ view }: { readonly view: RegistryStatus }) {
  const say = useWords();
  const { activations } = view;
  const rows = [
    ['insuredCount', view.insured],
    ['activeCount', activations.active],
    ['pendingCount', activations.pending],
    ['revokedCount', activations.revoked],
    ['wipesCount', view.wipesQueued],
    ['contextsCount', view.contexts],
    ['claimsCount', view.claims],
    ['auditCount', view.auditLines],
  ] as const;
  return (
    <Screen title={say('statusTitle')}>
      <dl class="facts counts">
        {rows.map(([name, count]) => (
          <>
            <dt>{say(name)}</dt>
            <dd>{count}</dd>
          </>
        ))}
      </dl>
    </Screen>
  );
}

showPage((props) => (
  <RefusalsOfPage value={OPERATOR_REFUSAL_TABLE}>
    <IssuerPage {...props} />
  </RefusalsOfPage>
));
