import type { EntityModel, EventName, Image, Model } from '@sluice/filters';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ChangeView } from './change.js';
import { InvalidItemError, type Issue } from './errors.js';
import { failed, neverAgain, type Outcome, outcomeOf, skipped } from './outcome.js';

/**
 * Validates the images that the model asks for; the parsed items take their place in the change. Gives the outcome that an
 * item which does not fit has by the model's policy, or nothing when the handler may run: at once, unless the schema takes its time.
 */
export function validate(change: ChangeView): Promise<Outcome | undefined> | Outcome | undefined {
  const { model } = change;
  if (!needsValidation(model) || change.validated) return undefined;
  const schema = model.schema['~standard'];
  const images = imagesToValidate(model, change.eventName);
  const parsed: unknown[] = [];
  try {
    const answer = judgeNext();
    return answer instanceof Promise ? answer.catch(outcomeOf) : answer;
  } catch (error) {
    return outcomeOf(error);
  }

  /** One image after another, so that nothing is left going on when one of them is wrong. */
  function judgeNext(): ReturnType<typeof validate> {
    const image = images[parsed.length];
    if (!image) return take();
    const result = schema.validate(change.stored(image));
    return 'then' in result ? Promise.resolve(result).then(judged) : judged(result);
  }

  function judged(result: StandardSchemaV1.Result<object>): ReturnType<typeof validate> {
    if (result.issues) return invalid(model as EntityModel, result.issues);
    parsed.push(result.value);
    return judgeNext();
  }

  /** Not before all fit: the next handler of this model validates what is stored again. */
  function take(): undefined {
    for (const [index, image] of images.entries()) change.replace(image, parsed[index]);
    change.validated = true;
  }
}

type Validated = EntityModel & { readonly schema: NonNullable<EntityModel['schema']> };

export function needsValidation(model: Model): model is Validated {
  return model.kind === 'entity' && model.schema !== undefined && model.validate !== 'none';
}

/** The images that a schema validates: the subject, and of a MODIFY the old one too where both are asked for. */
export function imagesToValidate(model: EntityModel, eventName: EventName): readonly Image[] {
  if (eventName === 'REMOVE') return ['OldImage'];
  return eventName === 'MODIFY' && model.validate === 'both' ? ['OldImage', 'NewImage'] : ['NewImage'];
}

function invalid(model: EntityModel, issues: readonly StandardSchemaV1.Issue[]): Outcome {
  const error = new InvalidItemError(model.name, issuesOf(issues));
  if (model.onInvalid === 'skip') return skipped(error.message);
  return model.onInvalid === 'park' ? neverAgain(error) : failed(error);
}

/** What a schema says, with the path of each, however it writes them. */
export function issuesOf(issues: readonly StandardSchemaV1.Issue[]): readonly Issue[] {
  return issues.map(({ path = [], message }) => ({ path: path.map(segmentOf), message }));
}

function segmentOf(segment: PropertyKey | StandardSchemaV1.PathSegment): string | number {
  const key = typeof segment === 'object' ? segment.key : segment;
  return typeof key === 'number' ? key : String(key);
}
