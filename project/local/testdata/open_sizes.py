"""Writes models of open sizes, spelled as exporters do: a convolutional one and
a transformer on patches, whose batch, height and width are open, and one on
tokens, whose batch and length are. Argument: the folder."""
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

# tokens, of which zeros are padding: positions counted and cut from a table, a mask as wide as the sequence, a token in
# front of each sequence, and what its ends hold
D=16
shape=lambda x,o,a:N('Shape',[x],[o],start=a,end=a+1)
save('dyntext',[
 N('Gather',['emb','ids'],['e'],name='embedding'),
 shape('ids','n',0),shape('ids','s',1),N('Squeeze',['s'],['s0']),
 N('Range',['i0','s0','i1'],['count'],name='count'),N('Gather',['pos','count'],['p1'],name='positions'),
 N('Slice',['pos2','z1','s','z1'],['p2'],name='table'),
 N('Add',['e','p1'],['e1'],name='add1'),N('Add',['e1','p2'],['e2'],name='add2'),
 N('Concat',['n','one','one','s'],['ms'],axis=0),
 N('Equal',['ids','i0'],['pad']),N('Reshape',['pad','ms'],['pad4'],name='pad4'),
 N('Concat',['n','one','s','s'],['mf'],axis=0),N('Expand',['pad4','mf'],['wide'],name='wide'),
 N('Where',['wide','low','zero'],['bias'],name='bias'),
 N('MatMul',['e2','wq'],['q']),N('MatMul',['e2','wk'],['k']),N('MatMul',['e2','wv'],['v']),
 N('Reshape',['q','heads'],['q4']),N('Reshape',['k','heads'],['k4']),N('Reshape',['v','heads'],['v4']),
 N('Transpose',['q4'],['qt'],perm=[0,2,1,3]),N('Transpose',['k4'],['kt'],perm=[0,2,3,1]),N('Transpose',['v4'],['vt'],perm=[0,2,1,3]),
 N('MatMul',['qt','kt'],['a'],name='scores'),N('Add',['a','bias'],['ab'],name='masked'),N('Softmax',['ab'],['ap'],name='softmax',axis=-1),
 N('MatMul',['ap','vt'],['o'],name='mixed'),N('Transpose',['o'],['ot'],perm=[0,2,1,3]),
 N('Concat',['n','s','d'],['back'],axis=0),N('Reshape',['ot','back'],['oo'],name='joined'),
 N('Add',['oo','e2'],['res']),N('LayerNormalization',['res','g','b'],['ln'],name='ln'),
 N('Concat',['n','one','d'],['cs'],axis=0),N('Expand',['cls','cs'],['front'],name='front'),
 N('Concat',['front','ln'],['all'],name='all',axis=1),
 N('Slice',['all','one','minus','one'],['inner'],name='inner'),
 N('Gather',['all','last'],['end'],name='end',axis=1),
 N('ReduceMean',['inner'],['mean'],name='mean',axes=[1],keepdims=0),
 N('Add',['mean','end'],['y'],name='y'),
],dict(emb=f(16,D),pos=f(32,D),pos2=f(32,D),i0=i64(0).reshape(()),i1=i64(1).reshape(()),z1=i64(0),one=i64(1),minus=i64(-1),last=i64(-1).reshape(()),
 low=np.array(-1e4,np.float32),zero=np.array(0,np.float32),wq=f(D,D),wk=f(D,D),wv=f(D,D),heads=i64(0,0,2,8),d=i64(D),g=f(D)+1,b=f(D),cls=f(1,1,D)),
 [('ids',T.INT64,['N','S'])],[('y',T.FLOAT,['N',D]),('inner',T.FLOAT,['N',None,D])])
# the result has the picture's size
save('dynmask',[
 N('Conv',['x','w1','b1'],['c1'],name='c1',pads=[1,1,1,1],strides=[4,4]),
 N('Relu',['c1'],['r1'],name='r1'),N('Conv',['r1','w2'],['c2'],name='c2'),
 N('Shape',['x'],['s'],start=2),N('Shape',['c2'],['nc'],end=2),N('Concat',['nc','s'],['to'],axis=0),
 N('Resize',['c2','','','to'],['y'],name='up',mode='linear',coordinate_transformation_mode='half_pixel'),
],dict(w1=f(8,3,3,3),b1=f(8),w2=f(4,8,1,1)),[('x',T.FLOAT,['N',3,'H','W'])],[('y',T.FLOAT,['N',4,'H','W'])])
