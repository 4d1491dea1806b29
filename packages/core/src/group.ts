import { ChangeView } from './change.js';
import type { Delivery } from './deliver.js';
import { attemptsLeft } from './give-up.js';
import type { Running, Task } from './progress.js';
import type { CompiledRoute } from './router.js';
import { needsValidation, validate } from './validate.js';

/**
 * The changes that a batch handler gets together: the given one and those behind it in its lane, without a gap, that are
 * offered, for this handler next, and fit their schema. Their tasks are added to `group`, as taken by `running`. When it
 * is retried in this process, it is the same group again.
 *
 * An item that does not fit ends the group before it, and stands alone. So does a record that has another handler to run
 * first. In strict order a record has to be done before anything of the next one runs: there the group goes on only behind a
 * record on which nothing else is left to do.
 */
export async function gather(
  compiled: CompiledRoute,
  first: ChangeView,
  group: Task[],
  running: Running,
  delivery: Delivery,
): Promise<readonly ChangeView[]> {
  const { id, model, maxSize = 1 } = compiled.route;
  const [head] = group;
  const changes = [first];
  const hasSchema = needsValidation(model);
  if (!head || (hasSchema && (await validate(first)))) return changes;
  const isAlone = delivery.starting !== undefined || isLastAttempt(compiled, head);
  const size = isAlone ? 1 : (head.state.groups?.[id] ?? maxSize);
  for (let last = head; group.length < size; ) {
    const next = delivery.behind(head, group.length);
    if (!next || !isNext(next, compiled, delivery) || (delivery.strict && !isAllThatIsLeft(last, id))) break;
    next.state.running = running;
    const change = new ChangeView(next.record, model);
    if (hasSchema && (await validate(change))) {
      next.state.running = undefined;
      break;
    }
    group.push(next);
    changes.push(change);
    last = next;
  }
  return changes;
}

function isNext({ record, routes, state }: Task, compiled: CompiledRoute, { parking }: Delivery): boolean {
  if (state.running || routes.find(({ route }) => !state.done.includes(route.id)) !== compiled) return false;
  return !state.suspects && !(parking && parking.size > 0 && parking.holds(compiled.route.id, record));
}

/** Before a group is given up its changes are tried one by one, so that what can be done is. */
function isLastAttempt(compiled: CompiledRoute, task: Task): boolean {
  return task.state.failures?.[compiled.route.id] !== undefined && attemptsLeft(compiled, task) <= 1;
}

function isAllThatIsLeft({ routes, state }: Task, handlerId: string): boolean {
  return routes.every(({ route }) => route.id === handlerId || state.done.includes(route.id));
}
