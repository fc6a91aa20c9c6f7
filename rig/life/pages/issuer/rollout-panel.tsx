import { useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Field } from '../../../web/page/field.tsx';
import { usePolled } from '../../../web/page/polled.ts';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion } from '../../../web/page/status-line.tsx';
import { useAct } from '../act.ts';
import { useFormats, useWords } from '../say.ts';
import type { Rollout } from './view.ts';

const EVERY_MS = 3000;
const EVERYWHERE = '*';

interface RolloutPanelProps {
  readonly call: Call;
  readonly refresh: () => void;
}

/** Which departments are open, and opening and closing them. */
export function RolloutPanel({ call, refresh }: RolloutPanelProps) {
  const say = useWords();
  const { instant } = useFormats();
  const rollout = usePolled<Rollout>(call, '/v1/operator/rollout', EVERY_MS);
  const act = useAct(() => {
    rollout.refresh();
    refresh();
  });
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);
  const named = (department: string): string => (department === EVERYWHERE ? say('everywhere') : department);
  const change = (department: string, open: boolean): void =>
    act.run(async () => {
      await call('POST', '/v1/operator/rollout', { departments: [department], open });
      setTyped('');
    });
  const open = (event: Event): void => {
    event.preventDefault();
    const department = typed.trim().toUpperCase();
    const fits = /^(\*|[0-9AB]{2,3})$/.test(department);
    setWrong(!fits);
    if (fits) change(department, true);
  };
  const departments = rollout.view?.departments ?? [];
  return (
    <Screen title={say('rolloutTitle')}>
      <LiveRegion urgent>{act.fault === '' ? null : <p class="fault">{act.fault}</p>}</LiveRegion>
      {departments.length === 0 ? <p>{say('rolloutNone')}</p> : null}
      <ul class="plain">
        {departments.map(({ department, openedAt }) => (
          <li key={department} class="between">
            <span>
              {say('openSince', { department: named(department), when: instant(new Date(openedAt).toISOString()) })}
            </span>
            <Button busy={act.busy} onPress={() => change(department, false)}>
              {say('closeDepartment', { department: named(department) })}
            </Button>
          </li>
        ))}
      </ul>
      <form onSubmit={open} noValidate>
        <Field
          label={say('department')}
          hint={say('departmentHint')}
          value={typed}
          onValue={setTyped}
          maxLength={3}
          fault={wrong ? say('departmentWrong') : undefined}
        />
        <div class="row">
          <Button kind="primary" busy={act.busy}>
            {say('openDepartment')}
          </Button>
        </div>
      </form>
    </Screen>
  );
}
