import { App } from 'aws-cdk-lib';
import { OrdersStack } from './cdk.js';

new OrdersStack(new App(), 'Orders');
