"""Writes two models whose batch, height and width are open: a convolutional one
and a transformer on patches, spelled as exporters do. Argument: the folder."""
import sys
import onnx, numpy as np
from onnx import helper as h, TensorProto as T, numpy_helper as nh
r=np.random.default_rng(0)
def save(name,nodes,inits,ins,outs):
    g=h.make_graph(nodes,name,[h.make_tensor_value_info(*i) for i in ins],[h.make_tensor_value_info(*o) for o in outs],[nh.from_array(v.astype(v.dtype),k) for k,v in inits.items()])
    m=h.make_model(g,opset_imports=[h.make_opsetid('',17)],ir_version=8)
    onnx.checker.check_model(m,full_check=True)
    onnx.save(m,f'{sys.argv[1]}/{name}.onnx')
f=lambda *s:(r.standard_normal(s)*0.3).astype(np.float32)
i64=lambda *v:np.array(v,np.int64)
N=h.make_node
save('dyncnn',[
 N('Conv',['x','w1','b1'],['c1'],name='c1',pads=[1,1,1,1],strides=[2,2]),
 N('BatchNormalization',['c1','g','be','m','v'],['bn'],name='bn'),
 N('Relu',['bn'],['r1'],name='r1'),
 N('Conv',['r1','wd'],['dw'],name='dw',pads=[1,1,1,1],group=16),
 N('Clip',['dw','lo','hi'],['r6'],name='r6'),
 N('MaxPool',['r6'],['mp'],name='mp',kernel_shape=[3,3],strides=[2,2],pads=[1,1,1,1]),
 N('Resize',['mp','','sc'],['up'],name='up',mode='nearest',coordinate_transformation_mode='asymmetric',nearest_mode='floor'),
 N('Concat',['mp','mp'],['cat'],name='cat',axis=1),
 N('Conv',['cat','w2'],['c2'],name='c2'),
 N('GlobalAveragePool',['c2'],['gap'],name='gap'),
 N('Mul',['c2','gap'],['se'],name='se'),
 N('GlobalAveragePool',['se'],['gap2'],name='gap2'),
 N('Flatten',['gap2'],['fl'],name='fl'),
 N('Gemm',['fl','wf','bf'],['y'],name='fc',transB=1),
 N('Softmax',['y'],['p'],name='p'),
 N('Sigmoid',['up'],['mask'],name='mask'),
],dict(w1=f(16,3,3,3),b1=f(16),g=np.abs(f(16))+.5,be=f(16),m=f(16),v=np.abs(f(16))+.5,wd=f(16,1,3,3),lo=np.array(0,np.float32),hi=np.array(6,np.float32),sc=np.array([1,1,2,2],np.float32),w2=f(24,32,1,1),wf=f(10,24),bf=f(10)),
 [('x',T.FLOAT,['N',3,'H','W'])],[('p',T.FLOAT,['N',10]),('mask',T.FLOAT,['N',16,None,None])])
# a transformer block on patches, spelled as exporters do
D,Hd=32,4
save('dynvit',[
 N('Conv',['x','wp','bp'],['pe'],name='patch',strides=[8,8]),
 N('Shape',['pe'],['s']),N('Gather',['s','i0'],['n'],axis=0),N('Unsqueeze',['n','ax0'],['n1']),
 N('Concat',['n1','c32','cm1'],['rs'],axis=0),
 N('Reshape',['pe','rs'],['t'],name='tok'),
 N('Transpose',['t'],['tt'],name='tt',perm=[0,2,1]),
 N('LayerNormalization',['tt','g','b'],['ln'],name='ln'),
 N('MatMul',['ln','wqkv'],['qkv'],name='qkv'),
 N('Reshape',['qkv','r4'],['q4'],name='split'),
 N('Transpose',['q4'],['qt'],name='qt',perm=[2,0,3,1,4]),
 N('Split',['qt'],['q','k','v'],name='sp',axis=0),
 N('Squeeze',['q','ax0'],['q_']),N('Squeeze',['k','ax0'],['k_']),N('Squeeze',['v','ax0'],['v_']),
 N('Transpose',['k_'],['kt'],name='kt',perm=[0,1,3,2]),
 N('MatMul',['q_','kt'],['a'],name='att'),N('Mul',['a','sc'],['as'],name='as'),N('Softmax',['as'],['ap'],name='ap',axis=-1),
 N('MatMul',['ap','v_'],['o'],name='av'),
 N('Transpose',['o'],['ot'],name='ot',perm=[0,2,1,3]),N('Reshape',['ot','r3'],['oo'],name='merge'),
 N('Add',['oo','tt'],['res'],name='res'),
 N('ReduceMean',['res'],['mean'],name='mean',axes=[1],keepdims=0),
 N('Gemm',['mean','wf','bf'],['y'],name='fc'),
],dict(wp=f(32,3,8,8),bp=f(32),i0=i64(0).reshape(()),ax0=i64(0),c32=i64(32),cm1=i64(-1),g=f(32)+1,b=f(32),wqkv=f(32,96),r4=i64(0,-1,3,4,8),sc=np.array(8**-.5,np.float32),r3=i64(0,-1,32),wf=f(32,10),bf=f(10)),
 [('x',T.FLOAT,['N',3,'H','W'])],[('y',T.FLOAT,['N',10])])
