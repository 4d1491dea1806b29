export {
  type LambdaContext,
  type LambdaEvent,
  type LambdaOptions,
  type LambdaResponse,
  lambda,
  MalformedEventError,
} from './lambda.js';
