<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="vi" sourcelanguage="en">
<context>
    <name>Subsidence</name>
    <message>
        <source>1 Conditioning factors</source>
        <translation>1 Yếu tố ảnh hưởng</translation>
    </message>
    <message>
        <source>1 computes in this process, and the same seed and data repeat the search. More start so many worker processes of one thread each, which is faster on several cores but cannot be repeated by the seed; 0 starts one a core.</source>
        <translation>1: tính toán ngay trong tiến trình này, cùng hạt giống và cùng dữ liệu sẽ lặp lại đúng quá trình tìm kiếm. Giá trị lớn hơn khởi động bấy nhiêu tiến trình phụ, mỗi tiến trình một luồng; cách này nhanh hơn khi có nhiều nhân nhưng không thể lặp lại bằng hạt giống; 0: mỗi nhân một tiến trình.</translation>
    </message>
    <message>
        <source>1 gives as many absence points as subsidence points.</source>
        <translation>1 cho số điểm không sụt lún bằng số điểm sụt lún.</translation>
    </message>
    <message>
        <source>2 Inventory and samples</source>
        <translation>2 Hiện trạng và mẫu</translation>
    </message>
    <message>
        <source>3 Susceptibility</source>
        <translation>3 Tính nhạy cảm</translation>
    </message>
    <message>
        <source>4 Validation and explanation</source>
        <translation>4 Kiểm định và giải thích</translation>
    </message>
    <message>
        <source>5 Deformation forecasting</source>
        <translation>5 Dự báo biến dạng</translation>
    </message>
    <message>
        <source>6 Uncertainty</source>
        <translation>6 Độ bất định</translation>
    </message>
    <message>
        <source>7 Project</source>
        <translation>7 Dự án</translation>
    </message>
    <message>
        <source>8 Workflows</source>
        <translation>8 Quy trình</translation>
    </message>
    <message>
        <source>A .safetensors file written by &apos;Train forecaster&apos; or &apos;Tune forecaster&apos;.</source>
        <translation>Tệp .safetensors do &apos;Huấn luyện mô hình dự báo&apos; hoặc &apos;Tinh chỉnh mô hình dự báo&apos; ghi ra.</translation>
    </message>
    <message>
        <source>A .safetensors file written by one of the training algorithms, for susceptibility or for forecasts.</source>
        <translation>Tệp .safetensors do một trong các thuật toán huấn luyện ghi ra, cho tính nhạy cảm hoặc cho dự báo.</translation>
    </message>
    <message>
        <source>A copy of the model file with its calibration, for &apos;Predict susceptibility&apos;. Needs a method in CALIBRATION.</source>
        <translation>Bản sao của tệp mô hình kèm hiệu chuẩn, dùng cho &apos;Dự đoán tính nhạy cảm&apos;. Cần chọn một phương pháp trong CALIBRATION.</translation>
    </message>
    <message>
        <source>A network&apos;s training stops after so many epochs without a lower loss on its inner hold-out.</source>
        <translation>Việc huấn luyện mạng dừng lại sau bấy nhiêu epoch mà hàm mất mát trên phần giữ lại bên trong không giảm thêm.</translation>
    </message>
    <message>
        <source>A pass sees every training window once, each at a place drawn anew.</source>
        <translation>Mỗi lượt duyệt qua từng cửa sổ huấn luyện một lần, mỗi cửa sổ ở một vị trí được chọn ngẫu nhiên lại.</translation>
    </message>
    <message>
        <source>A point has the weight 1 / distance^power. 0 is the plain mean of the neighbours; the larger, the more the nearest point decides.</source>
        <translation>Mỗi điểm có trọng số 1 / khoảng cách^số mũ. 0 là trung bình đơn giản của các điểm lân cận; số mũ càng lớn, điểm gần nhất càng quyết định.</translation>
    </message>
    <message>
        <source>A projected CRS. Empty: that of the points, or their UTM zone where they are in degrees.</source>
        <translation>Hệ tọa độ phẳng (có phép chiếu). Để trống: hệ tọa độ của các điểm, hoặc múi UTM của chúng nếu tọa độ tính bằng độ.</translation>
    </message>
    <message>
        <source>A self-contained HTML page with the figures and tables of this run.</source>
        <translation>Trang HTML độc lập với các hình và bảng của lần chạy này.</translation>
    </message>
    <message>
        <source>AUC</source>
        <translation>AUC</translation>
    </message>
    <message>
        <source>AUC in random folds</source>
        <translation>AUC trong các phần (fold) ngẫu nhiên</translation>
    </message>
    <message>
        <source>AUC in spatial folds</source>
        <translation>AUC trong các phần (fold) không gian</translation>
    </message>
    <message>
        <source>AUC of the best baseline in spatial folds</source>
        <translation>AUC của mô hình đối chứng tốt nhất trong các phần (fold) không gian</translation>
    </message>
    <message>
        <source>AUC of the truth</source>
        <translation>AUC của xác suất thực</translation>
    </message>
    <message>
        <source>AUC of the truth against points drawn anywhere</source>
        <translation>AUC của xác suất thực so với các điểm lấy ở vị trí bất kỳ</translation>
    </message>
    <message>
        <source>AUC on validation rows (training rows without these)</source>
        <translation>AUC trên dòng kiểm định (trên dòng huấn luyện nếu không có)</translation>
    </message>
    <message>
        <source>AUTHENTICATION &apos;{entry}&apos; gives no user name and password; choose an entry of the kind &apos;Basic&apos;, and unlock QGIS&apos;s authentication database (qgis_process reads its master password from the file that QGIS_AUTH_PASSWORD_FILE names).</source>
        <translation>Mục AUTHENTICATION &apos;{entry}&apos; không cung cấp tên người dùng và mật khẩu; chọn một mục thuộc loại &apos;Basic&apos; và mở khóa cơ sở dữ liệu xác thực của QGIS (qgis_process đọc mật khẩu chính từ tệp mà QGIS_AUTH_PASSWORD_FILE chỉ ra).</translation>
    </message>
    <message>
        <source>Absence points</source>
        <translation>Điểm không sụt lún</translation>
    </message>
    <message>
        <source>Absolute residuals</source>
        <translation>Phần dư tuyệt đối</translation>
    </message>
    <message>
        <source>Adam</source>
        <translation>Adam</translation>
    </message>
    <message>
        <source>Adam adapts the step of every weight; SGD is stochastic gradient descent with momentum.</source>
        <translation>Adam điều chỉnh bước của từng trọng số; SGD là phương pháp giảm gradient ngẫu nhiên có động lượng.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Predict susceptibility&lt;/i&gt;, to have a map that planners read. Next: &lt;i&gt;Frequency ratio&lt;/i&gt;, which tells whether the higher classes hold more subsidence.</source>
        <translation>Sau &lt;i&gt;Dự đoán tính nhạy cảm&lt;/i&gt;, để có bản đồ mà các nhà quy hoạch đọc được. Tiếp theo: &lt;i&gt;Tỷ số tần suất&lt;/i&gt;, cho biết các cấp cao hơn có chứa nhiều sụt lún hơn hay không.</translation>
    </message>
    <message>
        <source>Align factors</source>
        <translation>Đồng nhất các yếu tố</translation>
    </message>
    <message>
        <source>All</source>
        <translation>Tất cả</translation>
    </message>
    <message>
        <source>All dates of either track</source>
        <translation>Mọi ngày của một trong hai quỹ đạo</translation>
    </message>
    <message>
        <source>All pairs</source>
        <translation>Tất cả các cặp</translation>
    </message>
    <message>
        <source>All rows</source>
        <translation>Tất cả các dòng</translation>
    </message>
    <message>
        <source>All rows: each is a test row once in every partition. Training rows: validation and test rows stay untouched, for example for a last check after tuning.</source>
        <translation>Tất cả các dòng: trong mỗi lần phân chia, mỗi dòng là dòng kiểm tra một lần. Dòng huấn luyện: dòng kiểm định và dòng kiểm tra được giữ nguyên, ví dụ để kiểm tra lần cuối sau khi tinh chỉnh.</translation>
    </message>
    <message>
        <source>Allowed: {range}.</source>
        <translation>Cho phép: {range}.</translation>
    </message>
    <message>
        <source>An inventory, or samples with a label. Of polygons every cell whose centre lies inside (at least one) is an event. Any CRS.</source>
        <translation>Bản đồ hiện trạng, hoặc mẫu có nhãn. Với vùng (polygon), mỗi ô lưới có tâm nằm bên trong (ít nhất một ô) là một sự kiện. Hệ tọa độ bất kỳ.</translation>
    </message>
    <message>
        <source>Appendix B of the Hanoi paper</source>
        <translation>Phụ lục B của bài báo về Hà Nội</translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation>Kiến trúc</translation>
    </message>
    <message>
        <source>Area of applicability</source>
        <translation>Vùng áp dụng của mô hình</translation>
    </message>
    <message>
        <source>Area of the actions</source>
        <translation>Diện tích theo hành động</translation>
    </message>
    <message>
        <source>Area of the classes</source>
        <translation>Diện tích theo cấp</translation>
    </message>
    <message>
        <source>Area under the prediction rate</source>
        <translation>Diện tích dưới đường tỷ lệ dự đoán</translation>
    </message>
    <message>
        <source>Area under the success rate</source>
        <translation>Diện tích dưới đường tỷ lệ thành công</translation>
    </message>
    <message>
        <source>Areas are on the ellipsoid row by row where the CRS is in degrees, else in the plane of the projection. Memory does not grow with the raster beyond 16.8 million cells.</source>
        <translation>Diện tích được tính trên ellipsoid theo từng hàng nếu hệ tọa độ tính bằng độ, nếu không thì tính trên mặt phẳng của phép chiếu. Với raster trên 16.8 triệu ô, bộ nhớ không tăng thêm theo kích thước raster.</translation>
    </message>
    <message>
        <source>As in the preset</source>
        <translation>Theo bộ thiết lập sẵn</translation>
    </message>
    <message>
        <source>Ascending track</source>
        <translation>Quỹ đạo bay lên</translation>
    </message>
    <message>
        <source>Aspect</source>
        <translation>Hướng sườn</translation>
    </message>
    <message>
        <source>Aspect in nine classes</source>
        <translation>Hướng sườn chia chín cấp</translation>
    </message>
    <message>
        <source>At most so many points, drawn at random, are predicted from the others to tell the error. 0: none.</source>
        <translation>Số điểm tối đa, chọn ngẫu nhiên, được dự đoán từ các điểm còn lại để đánh giá sai số. 0: không đánh giá.</translation>
    </message>
    <message>
        <source>Authentication of the database</source>
        <translation>Xác thực cơ sở dữ liệu</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>Tự động</translation>
    </message>
    <message>
        <source>Automatic (units in the metadata)</source>
        <translation>Tự động (theo đơn vị trong siêu dữ liệu)</translation>
    </message>
    <message>
        <source>Automatic takes the CUDA GPU where PyTorch finds one; the log says what was chosen.</source>
        <translation>Chế độ tự động dùng GPU CUDA nếu PyTorch tìm thấy; nhật ký ghi thiết bị đã chọn.</translation>
    </message>
    <message>
        <source>Background rows</source>
        <translation>Số dòng nền</translation>
    </message>
    <message>
        <source>Background rows of the rasters</source>
        <translation>Số dòng nền cho raster</translation>
    </message>
    <message>
        <source>Balance the classes</source>
        <translation>Cân bằng các lớp</translation>
    </message>
    <message>
        <source>Balanced</source>
        <translation>Cân bằng</translation>
    </message>
    <message>
        <source>Balanced: rows of the rarer class count more, so that both classes weigh the same.</source>
        <translation>Cân bằng: các dòng của lớp hiếm hơn được tính nặng hơn, để hai lớp có trọng lượng như nhau.</translation>
    </message>
    <message>
        <source>Band of each raster</source>
        <translation>Kênh của mỗi raster</translation>
    </message>
    <message>
        <source>Band of the exceedance</source>
        <translation>Kênh xác suất vượt ngưỡng</translation>
    </message>
    <message>
        <source>Bands of the stack</source>
        <translation>Các kênh của chồng lớp</translation>
    </message>
    <message>
        <source>Base value</source>
        <translation>Giá trị nền</translation>
    </message>
    <message>
        <source>Baseline</source>
        <translation>Tham chiếu</translation>
    </message>
    <message>
        <source>Baselines</source>
        <translation>Các mô hình đối chứng</translation>
    </message>
    <message>
        <source>Batch size</source>
        <translation>Kích thước lô (batch)</translation>
    </message>
    <message>
        <source>Best baseline</source>
        <translation>Mô hình đối chứng tốt nhất</translation>
    </message>
    <message>
        <source>Best mean of the first metric</source>
        <translation>Trung bình tốt nhất của chỉ số đầu tiên</translation>
    </message>
    <message>
        <source>Best model on validation rows</source>
        <translation>Mô hình tốt nhất trên dòng kiểm định</translation>
    </message>
    <message>
        <source>Bivariate map</source>
        <translation>Bản đồ hai biến</translation>
    </message>
    <message>
        <source>Block size</source>
        <translation>Kích thước khối</translation>
    </message>
    <message>
        <source>Block units</source>
        <translation>Số đơn vị mỗi khối</translation>
    </message>
    <message>
        <source>Blocks</source>
        <translation>Số khối</translation>
    </message>
    <message>
        <source>Bootstrap resamples</source>
        <translation>Số lần lấy mẫu lại bootstrap</translation>
    </message>
    <message>
        <source>Breaks of the Hanoi paper</source>
        <translation>Ngưỡng phân cấp của bài báo về Hà Nội</translation>
    </message>
    <message>
        <source>Broken rows left out</source>
        <translation>Số dòng lỗi bị loại</translation>
    </message>
    <message>
        <source>By default the classes are natural breaks of Jenks on all cells. The paper&apos;s own breaks (0.078125, 0.249999, 0.507811, 0.781248) can be chosen, to compare maps of several models or areas by the same classes. Class i holds the values above break i − 1 up to and including break i; the lowest class includes the minimum. The breaks and the table are in the log.</source>
        <translation>Mặc định, các cấp là ngưỡng tự nhiên Jenks tính trên toàn bộ các ô. Có thể chọn ngưỡng riêng của bài báo (0.078125, 0.249999, 0.507811, 0.781248) để so sánh bản đồ của nhiều mô hình hoặc nhiều khu vực theo cùng các cấp. Cấp i chứa các giá trị lớn hơn ngưỡng i − 1 và không quá ngưỡng i; cấp thấp nhất bao gồm cả giá trị nhỏ nhất. Các ngưỡng và bảng được ghi trong nhật ký.</translation>
    </message>
    <message>
        <source>By importance, an unusual value matters as much as the factor matters to the model; a factor without influence cannot put a pixel outside.</source>
        <translation>Theo tầm quan trọng, một giá trị bất thường có ảnh hưởng đúng bằng mức quan trọng của yếu tố đó đối với mô hình; yếu tố không có ảnh hưởng không thể đưa một điểm ảnh ra ngoài vùng áp dụng.</translation>
    </message>
    <message>
        <source>CNN</source>
        <translation>CNN</translation>
    </message>
    <message>
        <source>CNN-LSTM</source>
        <translation>CNN-LSTM</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>CRS</source>
        <translation>Hệ tọa độ (CRS)</translation>
    </message>
    <message>
        <source>CRS of the coordinates</source>
        <translation>Hệ tọa độ (CRS) của các tọa độ</translation>
    </message>
    <message>
        <source>CRS of the grid</source>
        <translation>Hệ tọa độ (CRS) của lưới</translation>
    </message>
    <message>
        <source>CUDA</source>
        <translation>CUDA</translation>
    </message>
    <message>
        <source>Calibration error before recalibration</source>
        <translation>Sai số hiệu chuẩn trước khi hiệu chuẩn lại</translation>
    </message>
    <message>
        <source>Candidates (stable points)</source>
        <translation>Điểm ứng viên (điểm ổn định)</translation>
    </message>
    <message>
        <source>Categorical polygons</source>
        <translation>Vùng dữ liệu phân loại</translation>
    </message>
    <message>
        <source>Categorical rasters</source>
        <translation>Raster phân loại</translation>
    </message>
    <message>
        <source>Cell size</source>
        <translation>Kích thước ô</translation>
    </message>
    <message>
        <source>Cell size (m)</source>
        <translation>Kích thước ô (m)</translation>
    </message>
    <message>
        <source>Cell size (map units)</source>
        <translation>Kích thước ô (đơn vị bản đồ)</translation>
    </message>
    <message>
        <source>Cells compared</source>
        <translation>Số ô được so sánh</translation>
    </message>
    <message>
        <source>Cells drawn from a stack</source>
        <translation>Số ô lấy từ chồng lớp</translation>
    </message>
    <message>
        <source>Cells whose nearest point is farther from their centre than this (metres in the usual projected CRS) are nodata; the other cells still take points up to MAX_DISTANCE. Half the diagonal of a cell (71 m for 100 m cells) fills all cells that contain a point, and others only right beside one. Greater than 0, at most MAX_DISTANCE. Empty: as far as MAX_DISTANCE.</source>
        <translation>Ô có điểm gần nhất cách tâm ô xa hơn giá trị này (mét với hệ tọa độ phẳng thông thường) là nodata; các ô còn lại vẫn dùng các điểm trong phạm vi MAX_DISTANCE. Nửa đường chéo của ô (71 m với ô 100 m) lấp đầy mọi ô có chứa điểm, còn ô khác chỉ được lấp khi sát ngay cạnh một điểm. Lớn hơn 0, không quá MAX_DISTANCE. Để trống: đến hết MAX_DISTANCE.</translation>
    </message>
    <message>
        <source>Cells with a forecast</source>
        <translation>Số ô có dự báo</translation>
    </message>
    <message>
        <source>Cells with a value</source>
        <translation>Số ô có giá trị</translation>
    </message>
    <message>
        <source>Change since the last date</source>
        <translation>Thay đổi so với ngày cuối</translation>
    </message>
    <message>
        <source>Changes of the search space</source>
        <translation>Thay đổi không gian tìm kiếm</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation>Kiểm tra lại</translation>
    </message>
    <message>
        <source>Check installation</source>
        <translation>Kiểm tra cài đặt</translation>
    </message>
    <message>
        <source>Check installation…</source>
        <translation>Kiểm tra cài đặt…</translation>
    </message>
    <message>
        <source>Checkpoint</source>
        <translation>Điểm lưu (checkpoint)</translation>
    </message>
    <message>
        <source>Class raster</source>
        <translation>Raster phân cấp</translation>
    </message>
    <message>
        <source>Class stack</source>
        <translation>Chồng lớp phân cấp</translation>
    </message>
    <message>
        <source>Class weights</source>
        <translation>Trọng số lớp</translation>
    </message>
    <message>
        <source>Classes</source>
        <translation>Số cấp</translation>
    </message>
    <message>
        <source>Classify susceptibility</source>
        <translation>Phân cấp tính nhạy cảm</translation>
    </message>
    <message>
        <source>Compare repeated runs</source>
        <translation>So sánh các lần chạy lặp</translation>
    </message>
    <message>
        <source>Comparisons</source>
        <translation>So sánh</translation>
    </message>
    <message>
        <source>Comparisons tested</source>
        <translation>Số so sánh được kiểm định</translation>
    </message>
    <message>
        <source>Component</source>
        <translation>Thành phần</translation>
    </message>
    <message>
        <source>Compute threads</source>
        <translation>Số luồng tính toán</translation>
    </message>
    <message>
        <source>Confidence in the level</source>
        <translation>Độ tin cậy của mức</translation>
    </message>
    <message>
        <source>Configurations of the same model</source>
        <translation>Các cấu hình của cùng một mô hình</translation>
    </message>
    <message>
        <source>Continuous rasters</source>
        <translation>Raster liên tục</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Đã sao chép</translation>
    </message>
    <message>
        <source>Copies the line to the clipboard</source>
        <translation>Sao chép dòng lệnh vào bộ nhớ tạm</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Sao chép</translation>
    </message>
    <message>
        <source>Correlations</source>
        <translation>Tương quan</translation>
    </message>
    <message>
        <source>Count a cell once</source>
        <translation>Mỗi ô chỉ tính một lần</translation>
    </message>
    <message>
        <source>Covariates</source>
        <translation>Biến phụ trợ</translation>
    </message>
    <message>
        <source>Coverage of the interval (%)</source>
        <translation>Tỷ lệ bao phủ của khoảng dự báo (%)</translation>
    </message>
    <message>
        <source>Create example area</source>
        <translation>Tạo khu vực ví dụ</translation>
    </message>
    <message>
        <source>Cross-validate</source>
        <translation>Kiểm định chéo</translation>
    </message>
    <message>
        <source>Curvature</source>
        <translation>Độ cong bề mặt</translation>
    </message>
    <message>
        <source>DRDN</source>
        <translation>DRDN</translation>
    </message>
    <message>
        <source>Data for workers elsewhere</source>
        <translation>Dữ liệu cho tiến trình phụ trên máy khác</translation>
    </message>
    <message>
        <source>Date of origin</source>
        <translation>Ngày gốc</translation>
    </message>
    <message>
        <source>Date to compare</source>
        <translation>Ngày so sánh</translation>
    </message>
    <message>
        <source>Dates</source>
        <translation>Các ngày</translation>
    </message>
    <message>
        <source>Dates compared</source>
        <translation>Số mốc thời gian được so sánh</translation>
    </message>
    <message>
        <source>Dates of the time series, every 6 days from 3 January 2020; 304 are the five years of a product of the European Ground Motion Service.</source>
        <translation>Số mốc thời gian của chuỗi thời gian, cách nhau 6 ngày kể từ ngày 3 tháng 1 năm 2020; 304 mốc tương ứng năm năm của một sản phẩm thuộc Dịch vụ Chuyển động Mặt đất châu Âu (EGMS).</translation>
    </message>
    <message>
        <source>Dates that both tracks have</source>
        <translation>Các ngày có ở cả hai quỹ đạo</translation>
    </message>
    <message>
        <source>Dates that the forecaster reads.</source>
        <translation>Số mốc thời gian mà mô hình dự báo đọc vào.</translation>
    </message>
    <message>
        <source>Dates that the forecaster reads; 60 are a year at 6 days.</source>
        <translation>Số mốc thời gian mà mô hình dự báo đọc vào; 60 mốc cách nhau 6 ngày tương ứng một năm.</translation>
    </message>
    <message>
        <source>Days between dates, for &apos;Every STEP days&apos;; 6 in EGMS L3.</source>
        <translation>Số ngày giữa hai mốc, dùng cho &apos;Cứ mỗi STEP ngày&apos;; 6 với EGMS L3.</translation>
    </message>
    <message>
        <source>Days between forecast and observation</source>
        <translation>Số ngày giữa dự báo và quan trắc</translation>
    </message>
    <message>
        <source>DeLong&apos;s tests</source>
        <translation>Kiểm định DeLong</translation>
    </message>
    <message>
        <source>Decompose line of sight</source>
        <translation>Phân tách hướng nhìn</translation>
    </message>
    <message>
        <source>Default: {value}.</source>
        <translation>Mặc định: {value}.</translation>
    </message>
    <message>
        <source>Defaults</source>
        <translation>Mặc định</translation>
    </message>
    <message>
        <source>Deformation (size counts)</source>
        <translation>Biến dạng (tính theo độ lớn)</translation>
    </message>
    <message>
        <source>Deformation stack</source>
        <translation>Chồng lớp biến dạng</translation>
    </message>
    <message>
        <source>Dense layer</source>
        <translation>Lớp kết nối đầy đủ</translation>
    </message>
    <message>
        <source>Dense layer 1</source>
        <translation>Lớp kết nối đầy đủ 1</translation>
    </message>
    <message>
        <source>Dense layer 2</source>
        <translation>Lớp kết nối đầy đủ 2</translation>
    </message>
    <message>
        <source>Descending track</source>
        <translation>Quỹ đạo bay xuống</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Thiết bị</translation>
    </message>
    <message>
        <source>Device that will compute</source>
        <translation>Thiết bị sẽ tính toán</translation>
    </message>
    <message>
        <source>Digital elevation model (DEM)</source>
        <translation>Mô hình số độ cao (DEM)</translation>
    </message>
    <message>
        <source>Dissimilarity index</source>
        <translation>Chỉ số khác biệt</translation>
    </message>
    <message>
        <source>Distance between absence points</source>
        <translation>Khoảng cách giữa các điểm không sụt lún</translation>
    </message>
    <message>
        <source>Distance from subsidence</source>
        <translation>Khoảng cách đến sụt lún</translation>
    </message>
    <message>
        <source>Dominant factor</source>
        <translation>Yếu tố chi phối</translation>
    </message>
    <message>
        <source>Dropout</source>
        <translation>Dropout</translation>
    </message>
    <message>
        <source>Dropout 1</source>
        <translation>Dropout 1</translation>
    </message>
    <message>
        <source>Dropout 2</source>
        <translation>Dropout 2</translation>
    </message>
    <message>
        <source>Dropout after each dense layer.</source>
        <translation>Dropout sau mỗi lớp kết nối đầy đủ.</translation>
    </message>
    <message>
        <source>Dropout after the LSTM layer.</source>
        <translation>Dropout sau lớp LSTM.</translation>
    </message>
    <message>
        <source>Dropout after the dense layer.</source>
        <translation>Dropout sau lớp kết nối đầy đủ.</translation>
    </message>
    <message>
        <source>Dropout after the first dense layer.</source>
        <translation>Dropout sau lớp kết nối đầy đủ thứ nhất.</translation>
    </message>
    <message>
        <source>Dropout after the second dense layer.</source>
        <translation>Dropout sau lớp kết nối đầy đủ thứ hai.</translation>
    </message>
    <message>
        <source>Duplicates left out</source>
        <translation>Số bản trùng lặp bị loại</translation>
    </message>
    <message>
        <source>Earlier dates are left out; this one stays. Velocity and its quality are then computed from the dates that stay. Empty: no limit.</source>
        <translation>Các ngày sớm hơn bị bỏ qua; ngày này được giữ lại. Khi đó vận tốc và chất lượng của nó được tính từ các ngày còn lại. Để trống: không giới hạn.</translation>
    </message>
    <message>
        <source>East (E)</source>
        <translation>Hướng đông (E)</translation>
    </message>
    <message>
        <source>East points</source>
        <translation>Điểm chuyển dịch hướng đông</translation>
    </message>
    <message>
        <source>Elevation</source>
        <translation>Độ cao</translation>
    </message>
    <message>
        <source>Elevation band</source>
        <translation>Kênh độ cao</translation>
    </message>
    <message>
        <source>Elevation model</source>
        <translation>Mô hình độ cao</translation>
    </message>
    <message>
        <source>End hopeless trials early</source>
        <translation>Dừng sớm các lần thử không triển vọng</translation>
    </message>
    <message>
        <source>Ensemble</source>
        <translation>Tổ hợp</translation>
    </message>
    <message>
        <source>Ensemble median</source>
        <translation>Trung vị của tổ hợp</translation>
    </message>
    <message>
        <source>Ensemble spread</source>
        <translation>Độ phân tán của tổ hợp</translation>
    </message>
    <message>
        <source>Ensemble uncertainty</source>
        <translation>Độ bất định của tổ hợp</translation>
    </message>
    <message>
        <source>Entries parted by semicolons that replace the model&apos;s own space: a range (learning_rate=1e-4..1e-2), values (blocks=2,4,8), or one value that is not searched (batch_size=32). Empty: the space that the model declares; the report shows it.</source>
        <translation>Các mục cách nhau bằng dấu chấm phẩy, thay cho không gian tìm kiếm riêng của mô hình: một khoảng (learning_rate=1e-4..1e-2), các giá trị (blocks=2,4,8), hoặc một giá trị cố định không tìm kiếm (batch_size=32). Để trống: không gian do mô hình khai báo; báo cáo có trình bày không gian này.</translation>
    </message>
    <message>
        <source>Equal interval</source>
        <translation>Khoảng bằng nhau</translation>
    </message>
    <message>
        <source>Events counted</source>
        <translation>Số sự kiện được tính</translation>
    </message>
    <message>
        <source>Events of the ratio</source>
        <translation>Sự kiện dùng để tính tỷ số</translation>
    </message>
    <message>
        <source>Every STEP days</source>
        <translation>Cứ mỗi STEP ngày</translation>
    </message>
    <message>
        <source>Every step shrinks all weights by learning rate × weight decay, against overfitting on few samples; try 0.01 to 1. With Adam it acts beside the gradient (AdamW), with SGD as a penalty on the squared weights.</source>
        <translation>Mỗi bước thu nhỏ mọi trọng số theo tốc độ học × hệ số suy giảm trọng số, nhằm chống quá khớp khi có ít mẫu; thử từ 0.01 đến 1. Với Adam, nó tác động tách khỏi gradient (AdamW); với SGD, nó là phần phạt trên bình phương trọng số.</translation>
    </message>
    <message>
        <source>Example</source>
        <translation>Ví dụ</translation>
    </message>
    <message>
        <source>Exceedance probability</source>
        <translation>Xác suất vượt ngưỡng</translation>
    </message>
    <message>
        <source>Explain model</source>
        <translation>Giải thích mô hình</translation>
    </message>
    <message>
        <source>Explain recalibrated probabilities</source>
        <translation>Giải thích xác suất đã hiệu chuẩn lại</translation>
    </message>
    <message>
        <source>Exponent of the slope in the multiple flow direction: 1.1 after Freeman (1991); larger values gather the water in the steepest direction.</source>
        <translation>Số mũ của độ dốc trong dòng chảy đa hướng: 1.1 theo Freeman (1991); giá trị lớn hơn dồn nước về hướng dốc nhất.</translation>
    </message>
    <message>
        <source>Extent</source>
        <translation>Phạm vi</translation>
    </message>
    <message>
        <source>Extract samples</source>
        <translation>Trích xuất mẫu</translation>
    </message>
    <message>
        <source>Factor classes</source>
        <translation>Các cấp của yếu tố</translation>
    </message>
    <message>
        <source>Factor correlation</source>
        <translation>Tương quan giữa các yếu tố</translation>
    </message>
    <message>
        <source>Factor fields</source>
        <translation>Trường chứa yếu tố</translation>
    </message>
    <message>
        <source>Factor stack</source>
        <translation>Chồng lớp yếu tố</translation>
    </message>
    <message>
        <source>Factor stack or class stack</source>
        <translation>Chồng lớp yếu tố hoặc chồng lớp phân cấp</translation>
    </message>
    <message>
        <source>Factor stack or class stack (for the rasters)</source>
        <translation>Chồng lớp yếu tố hoặc chồng lớp phân cấp (cho các raster)</translation>
    </message>
    <message>
        <source>Factors</source>
        <translation>Các yếu tố</translation>
    </message>
    <message>
        <source>Feature id, or field=value (the first row with this value), of the sample whose prediction the report takes apart factor by factor. Empty: the highest prediction of those explained.</source>
        <translation>Mã đối tượng, hoặc trường=giá trị (dòng đầu tiên có giá trị này), của mẫu mà báo cáo phân tích dự đoán theo từng yếu tố. Để trống: mẫu có dự đoán cao nhất trong số các mẫu được giải thích.</translation>
    </message>
    <message>
        <source>Field of the samples</source>
        <translation>Trường của lớp mẫu</translation>
    </message>
    <message>
        <source>Fields of the samples to correlate. Empty: all factors that &apos;Extract samples&apos; wrote, else all numeric fields but label, fold and coordinates.</source>
        <translation>Các trường của lớp mẫu cần tính tương quan. Để trống: mọi yếu tố do &apos;Trích xuất mẫu&apos; ghi ra, nếu không có thì mọi trường số trừ label, fold và tọa độ.</translation>
    </message>
    <message>
        <source>Fields with the classes</source>
        <translation>Trường chứa phân loại</translation>
    </message>
    <message>
        <source>Files (csv or zip)</source>
        <translation>Các tệp (csv hoặc zip)</translation>
    </message>
    <message>
        <source>Fill cells up to this distance (map units)</source>
        <translation>Lấp ô trong khoảng cách này (đơn vị bản đồ)</translation>
    </message>
    <message>
        <source>Filters</source>
        <translation>Số bộ lọc</translation>
    </message>
    <message>
        <source>First date</source>
        <translation>Ngày đầu</translation>
    </message>
    <message>
        <source>First date of the forecast</source>
        <translation>Ngày đầu của dự báo</translation>
    </message>
    <message>
        <source>Fits, on the validation rows, a map from the model&apos;s probability to one that comes true; for a single model. Isotonic regression takes any rising map, in steps, and needs some 1,000 rows; Platt&apos;s curve (logistic, on the log-odds) has two numbers, stays smooth, and does with a hundred.</source>
        <translation>Trên các dòng kiểm định, khớp một phép chuyển từ xác suất của mô hình sang xác suất đúng với thực tế; chỉ cho một mô hình duy nhất. Hồi quy isotonic chấp nhận mọi phép chuyển tăng dần theo bậc và cần khoảng 1000 dòng; đường cong Platt (logistic, trên log-odds) có hai tham số, luôn trơn và chỉ cần một trăm dòng.</translation>
    </message>
    <message>
        <source>Flow exponent</source>
        <translation>Số mũ dòng chảy</translation>
    </message>
    <message>
        <source>Fold field</source>
        <translation>Trường fold</translation>
    </message>
    <message>
        <source>Fold map</source>
        <translation>Bản đồ các phần (fold)</translation>
    </message>
    <message>
        <source>Folder for single rasters</source>
        <translation>Thư mục cho các raster đơn</translation>
    </message>
    <message>
        <source>Folder for the raw layers</source>
        <translation>Thư mục cho các lớp gốc</translation>
    </message>
    <message>
        <source>Folds</source>
        <translation>Phần (fold)</translation>
    </message>
    <message>
        <source>Folds of the samples (field fold)</source>
        <translation>Phần (fold) của lớp mẫu (trường fold)</translation>
    </message>
    <message>
        <source>Forecast</source>
        <translation>Dự báo</translation>
    </message>
    <message>
        <source>Forecast change</source>
        <translation>Thay đổi dự báo</translation>
    </message>
    <message>
        <source>Forecast deformation</source>
        <translation>Dự báo biến dạng</translation>
    </message>
    <message>
        <source>Forecast of dates observed since</source>
        <translation>Dự báo cho các ngày đã được quan trắc sau đó</translation>
    </message>
    <message>
        <source>Forecaster</source>
        <translation>Mô hình dự báo</translation>
    </message>
    <message>
        <source>Forecaster report</source>
        <translation>Báo cáo mô hình dự báo</translation>
    </message>
    <message>
        <source>Forecasting workflow</source>
        <translation>Quy trình dự báo</translation>
    </message>
    <message>
        <source>Forecasts</source>
        <translation>Các dự báo</translation>
    </message>
    <message>
        <source>Frequency ratio</source>
        <translation>Tỷ số tần suất</translation>
    </message>
    <message>
        <source>Frequency ratios</source>
        <translation>Các tỷ số tần suất</translation>
    </message>
    <message>
        <source>GCN</source>
        <translation>GCN</translation>
    </message>
    <message>
        <source>GNSS points</source>
        <translation>Điểm GNSS</translation>
    </message>
    <message>
        <source>GNSS velocity (field gnss_velocity_n)</source>
        <translation>Vận tốc GNSS (trường gnss_velocity_n)</translation>
    </message>
    <message>
        <source>Gap (dates)</source>
        <translation>Khoảng trống (số mốc thời gian)</translation>
    </message>
    <message>
        <source>GeoTIFF, uint8: 1 is the lowest class, 0 is nodata.</source>
        <translation>GeoTIFF, uint8: 1 là cấp thấp nhất, 0 là nodata.</translation>
    </message>
    <message>
        <source>Gradient boosting</source>
        <translation>Gradient boosting</translation>
    </message>
    <message>
        <source>Grid</source>
        <translation>Theo lưới</translation>
    </message>
    <message>
        <source>Grid InSAR deformation</source>
        <translation>Nội suy lưới biến dạng InSAR</translation>
    </message>
    <message>
        <source>Grid of points in polygons</source>
        <translation>Lưới điểm trong các vùng</translation>
    </message>
    <message>
        <source>Grid tries the combinations of a few values; random draws every trial anew; TPE learns from the trials so far where good values lie.</source>
        <translation>Theo lưới: thử mọi tổ hợp của một số ít giá trị; ngẫu nhiên: chọn lại từ đầu cho mỗi lần thử; TPE: học từ các lần thử đã có để biết giá trị tốt nằm ở đâu.</translation>
    </message>
    <message>
        <source>Gridding report</source>
        <translation>Báo cáo nội suy lưới</translation>
    </message>
    <message>
        <source>Height (cells)</source>
        <translation>Chiều cao (số ô)</translation>
    </message>
    <message>
        <source>High from this quantile (%)</source>
        <translation>Cao kể từ phân vị này (%)</translation>
    </message>
    <message>
        <source>High values are good (coherence)</source>
        <translation>Giá trị cao là tốt (độ kết hợp)</translation>
    </message>
    <message>
        <source>Highest VIF (none if infinite)</source>
        <translation>VIF cao nhất (không có nếu vô hạn)</translation>
    </message>
    <message>
        <source>Hold out whole folds</source>
        <translation>Giữ lại trọn từng phần (fold)</translation>
    </message>
    <message>
        <source>Hold out whole neighbourhoods</source>
        <translation>Giữ lại trọn từng vùng lân cận</translation>
    </message>
    <message>
        <source>Hold-out of training rows</source>
        <translation>Phần giữ lại của dòng huấn luyện</translation>
    </message>
    <message>
        <source>Hold-out share</source>
        <translation>Tỷ lệ phần giữ lại</translation>
    </message>
    <message>
        <source>Horizon (dates)</source>
        <translation>Tầm dự báo (số mốc thời gian)</translation>
    </message>
    <message>
        <source>Hotspots of errors</source>
        <translation>Điểm nóng của sai số</translation>
    </message>
    <message>
        <source>How early stopping of networks judges in spatial folds: on whole neighbourhoods of the training rows, or (as the training algorithms do by default) on single ones. The rows left out play no part in either. With few samples whole neighbourhoods may cost more than they tell. A MODEL that was trained by holding out folds does so here too.</source>
        <translation>Cách đánh giá để dừng sớm mạng trong các phần (fold) không gian: trên trọn từng vùng lân cận của các dòng huấn luyện, hoặc (như mặc định của các thuật toán huấn luyện) trên từng dòng riêng lẻ. Các dòng bị để ra ngoài không tham gia vào cả hai cách. Khi có ít mẫu, việc giữ lại trọn vùng lân cận có thể gây thiệt nhiều hơn lợi. Một MODEL đã được huấn luyện bằng cách giữ lại trọn từng phần (fold) thì ở đây cũng làm như vậy.</translation>
    </message>
    <message>
        <source>How it works</source>
        <translation>Cách hoạt động</translation>
    </message>
    <message>
        <source>How neighbourhoods are cut. Blocks give folds alike in size and class; k-means gives few compact regions far from each other, which is stricter; the field takes what &apos;Extract samples&apos; or you have written (the number of folds with it).</source>
        <translation>Cách chia các vùng lân cận. Khối vuông cho các phần (fold) tương đồng về kích thước và lớp; k-means cho một số ít vùng gọn, cách xa nhau, nên khắt khe hơn; trường dùng những gì &apos;Trích xuất mẫu&apos; hoặc người dùng đã ghi (kể cả số phần (fold)).</translation>
    </message>
    <message>
        <source>How points are dealt out to the parts and to the folds. Blocks and clusters keep neighbours together.</source>
        <translation>Cách phân chia các điểm vào các tập con và các phần (fold). Khối và cụm giữ các điểm lân cận ở cùng nhau.</translation>
    </message>
    <message>
        <source>How points are thinned to the spacing.</source>
        <translation>Cách làm thưa các điểm theo khoảng cách quy định.</translation>
    </message>
    <message>
        <source>How the breaks between classes are found.</source>
        <translation>Cách xác định ngưỡng giữa các cấp.</translation>
    </message>
    <message>
        <source>How the map of a date is read: convolutions, a graph of the nearest valid cells or points, or convolutions with skip connections.</source>
        <translation>Cách đọc bản đồ của một ngày: tích chập, đồ thị của các ô hoặc điểm hợp lệ gần nhất, hoặc tích chập có kết nối tắt.</translation>
    </message>
    <message>
        <source>Hyperparameters</source>
        <translation>Siêu tham số</translation>
    </message>
    <message>
        <source>Id of the model</source>
        <translation>Mã mô hình</translation>
    </message>
    <message>
        <source>Import InSAR time series</source>
        <translation>Nhập chuỗi thời gian InSAR</translation>
    </message>
    <message>
        <source>Importance in the model (mean |SHAP|)</source>
        <translation>Tầm quan trọng trong mô hình (trung bình |SHAP|)</translation>
    </message>
    <message>
        <source>InSAR inventory</source>
        <translation>Bản đồ hiện trạng từ InSAR</translation>
    </message>
    <message>
        <source>InSAR points</source>
        <translation>Điểm InSAR</translation>
    </message>
    <message>
        <source>Incidence angle, ascending (°)</source>
        <translation>Góc tới, quỹ đạo bay lên (°)</translation>
    </message>
    <message>
        <source>Incidence angle, descending (°)</source>
        <translation>Góc tới, quỹ đạo bay xuống (°)</translation>
    </message>
    <message>
        <source>Indices</source>
        <translation>Các chỉ số</translation>
    </message>
    <message>
        <source>Inflation factors</source>
        <translation>Hệ số phóng đại phương sai</translation>
    </message>
    <message>
        <source>Inputs</source>
        <translation>Đầu vào</translation>
    </message>
    <message>
        <source>Inverse penalty</source>
        <translation>Nghịch đảo hệ số phạt</translation>
    </message>
    <message>
        <source>Isotonic regression</source>
        <translation>Hồi quy isotonic</translation>
    </message>
    <message>
        <source>Iterations</source>
        <translation>Số vòng lặp</translation>
    </message>
    <message>
        <source>Judge trials by</source>
        <translation>Đánh giá lần thử theo</translation>
    </message>
    <message>
        <source>Kernel size</source>
        <translation>Kích thước nhân</translation>
    </message>
    <message>
        <source>LSTM</source>
        <translation>LSTM</translation>
    </message>
    <message>
        <source>LSTM units</source>
        <translation>Số đơn vị LSTM</translation>
    </message>
    <message>
        <source>Label field</source>
        <translation>Trường nhãn</translation>
    </message>
    <message>
        <source>Largest index inside</source>
        <translation>Chỉ số lớn nhất còn thuộc vùng</translation>
    </message>
    <message>
        <source>Largest number of epochs</source>
        <translation>Số epoch tối đa</translation>
    </message>
    <message>
        <source>Largest number of passes</source>
        <translation>Số lượt tối đa</translation>
    </message>
    <message>
        <source>Largest number of rows</source>
        <translation>Số dòng tối đa</translation>
    </message>
    <message>
        <source>Largest positive SHAP</source>
        <translation>SHAP dương lớn nhất</translation>
    </message>
    <message>
        <source>Largest standard error</source>
        <translation>Sai số chuẩn lớn nhất</translation>
    </message>
    <message>
        <source>Largest |SHAP|</source>
        <translation>Giá trị |SHAP| lớn nhất</translation>
    </message>
    <message>
        <source>Last date</source>
        <translation>Ngày cuối</translation>
    </message>
    <message>
        <source>Last date known</source>
        <translation>Ngày cuối đã biết</translation>
    </message>
    <message>
        <source>Last date of the forecast</source>
        <translation>Ngày cuối của dự báo</translation>
    </message>
    <message>
        <source>Last map (any grid)</source>
        <translation>Bản đồ cuối (lưới bất kỳ)</translation>
    </message>
    <message>
        <source>Later dates are left out; this one stays. Velocity and its quality are then computed from the dates that stay. Empty: no limit.</source>
        <translation>Các ngày muộn hơn bị bỏ qua; ngày này được giữ lại. Khi đó vận tốc và chất lượng của nó được tính từ các ngày còn lại. Để trống: không giới hạn.</translation>
    </message>
    <message>
        <source>Layer with the field gnss_velocity_n (EGMS L3 from 2020-2024 on); each cell takes the nearest point. Empty: the field of the tracks themselves.</source>
        <translation>Lớp có trường gnss_velocity_n (EGMS L3 từ 2020-2024 trở đi); mỗi ô lấy điểm gần nhất. Để trống: trường có sẵn của chính các quỹ đạo.</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>Các lớp</translation>
    </message>
    <message>
        <source>Layers may be in different CRSs. Polygons of subsidence become points: the cells of the mask raster, points on a square grid, or one point each.</source>
        <translation>Các lớp có thể ở hệ tọa độ khác nhau. Vùng (polygon) sụt lún được chuyển thành điểm: các ô của raster mặt nạ, các điểm trên lưới vuông, hoặc mỗi vùng một điểm.</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>Tốc độ học</translation>
    </message>
    <message>
        <source>Least distance</source>
        <translation>Khoảng cách tối thiểu</translation>
    </message>
    <message>
        <source>Least distance between points, or side of the cells, in map units (metres where the layer is in degrees); 0 keeps all. Points nearer than the cells of the factor stack say the same twice.</source>
        <translation>Khoảng cách tối thiểu giữa các điểm, hoặc cạnh của ô lưới, theo đơn vị bản đồ (mét nếu lớp tính bằng độ); 0 giữ tất cả. Các điểm gần nhau hơn kích thước ô của chồng lớp yếu tố mang cùng một thông tin hai lần.</translation>
    </message>
    <message>
        <source>Leaves</source>
        <translation>Số lá</translation>
    </message>
    <message>
        <source>Leaves of every tree of the gradient boosting, at most.</source>
        <translation>Số lá tối đa của mỗi cây trong gradient boosting.</translation>
    </message>
    <message>
        <source>Legend table</source>
        <translation>Bảng chú giải</translation>
    </message>
    <message>
        <source>Levels</source>
        <translation>Mức</translation>
    </message>
    <message>
        <source>Levels by spread</source>
        <translation>Mức theo độ phân tán</translation>
    </message>
    <message>
        <source>Line of sight (LOS)</source>
        <translation>Hướng nhìn (LOS)</translation>
    </message>
    <message>
        <source>Line that installs the packages</source>
        <translation>Dòng lệnh cài đặt các gói</translation>
    </message>
    <message>
        <source>Line that installs the packages, to be typed in {place}; then start QGIS again:</source>
        <translation>Dòng lệnh cài đặt các gói, nhập vào {place}; sau đó khởi động lại QGIS:</translation>
    </message>
    <message>
        <source>Line that installs the packages:</source>
        <translation>Dòng lệnh cài đặt các gói:</translation>
    </message>
    <message>
        <source>Lines name=value (or separated by ;) over the defaults or the model&apos;s: the names of the training algorithms&apos; parameters in lower case, for example lstm_units=64, learning_rate=0.0005, epochs=200, weight_decay=0.01 or trees=500. Empty: none.</source>
        <translation>Các dòng tên=giá trị (hoặc cách nhau bằng dấu ;) thay cho giá trị mặc định hoặc giá trị của mô hình: tên tham số của các thuật toán huấn luyện viết thường, ví dụ lstm_units=64, learning_rate=0.0005, epochs=200, weight_decay=0.01 hoặc trees=500. Để trống: không có.</translation>
    </message>
    <message>
        <source>Log loss</source>
        <translation>Mất mát logarit (log loss)</translation>
    </message>
    <message>
        <source>Log-odds</source>
        <translation>Log-odds</translation>
    </message>
    <message>
        <source>Logistic regression</source>
        <translation>Hồi quy logistic</translation>
    </message>
    <message>
        <source>Logistic regression is the usual yardstick; random forest often leads where samples are many and places alike, and falls behind it on unseen places.</source>
        <translation>Hồi quy logistic là thước đo thường dùng; rừng ngẫu nhiên thường dẫn đầu khi có nhiều mẫu và các vị trí giống nhau, nhưng kém hơn ở những nơi chưa từng thấy.</translation>
    </message>
    <message>
        <source>Longest gap interpolated (days)</source>
        <translation>Khoảng trống dài nhất được nội suy (ngày)</translation>
    </message>
    <message>
        <source>Longest gap to bridge (days)</source>
        <translation>Khoảng trống dài nhất được nối (ngày)</translation>
    </message>
    <message>
        <source>Looking at the packages; this takes some seconds …</source>
        <translation>Đang kiểm tra các gói; mất vài giây …</translation>
    </message>
    <message>
        <source>Low spread up to this quantile (%)</source>
        <translation>Độ phân tán thấp đến phân vị này (%)</translation>
    </message>
    <message>
        <source>Low values are good (rmse)</source>
        <translation>Giá trị thấp là tốt (rmse)</translation>
    </message>
    <message>
        <source>Lower end of the interval</source>
        <translation>Cận dưới của khoảng dự báo</translation>
    </message>
    <message>
        <source>MNDWI</source>
        <translation>MNDWI</translation>
    </message>
    <message>
        <source>Manual</source>
        <translation>Thủ công</translation>
    </message>
    <message>
        <source>Manual breaks</source>
        <translation>Ngưỡng phân cấp thủ công</translation>
    </message>
    <message>
        <source>Map as PDF</source>
        <translation>Bản đồ dạng PDF</translation>
    </message>
    <message>
        <source>Map project with print layout</source>
        <translation>Dự án bản đồ kèm trang in</translation>
    </message>
    <message>
        <source>Map to mask (probability)</source>
        <translation>Bản đồ cần che (xác suất)</translation>
    </message>
    <message>
        <source>Mask polygons</source>
        <translation>Vùng mặt nạ</translation>
    </message>
    <message>
        <source>Mask raster</source>
        <translation>Raster mặt nạ</translation>
    </message>
    <message>
        <source>Masked map</source>
        <translation>Bản đồ đã che</translation>
    </message>
    <message>
        <source>Members</source>
        <translation>Thành viên</translation>
    </message>
    <message>
        <source>Members at the last date</source>
        <translation>Thành viên tại ngày cuối</translation>
    </message>
    <message>
        <source>Members of the ensemble</source>
        <translation>Thành viên của tổ hợp</translation>
    </message>
    <message>
        <source>Method</source>
        <translation>Phương pháp</translation>
    </message>
    <message>
        <source>Method for continuous factors</source>
        <translation>Phương pháp cho yếu tố liên tục</translation>
    </message>
    <message>
        <source>Metrics</source>
        <translation>Các chỉ số đánh giá</translation>
    </message>
    <message>
        <source>Minimum slope in the TWI</source>
        <translation>Độ dốc tối thiểu trong TWI</translation>
    </message>
    <message>
        <source>Model file</source>
        <translation>Tệp mô hình</translation>
    </message>
    <message>
        <source>Model file whose recipe is taken</source>
        <translation>Tệp mô hình cung cấp cấu hình</translation>
    </message>
    <message>
        <source>Model files</source>
        <translation>Các tệp mô hình</translation>
    </message>
    <message>
        <source>Model information</source>
        <translation>Thông tin mô hình</translation>
    </message>
    <message>
        <source>Model type</source>
        <translation>Loại mô hình</translation>
    </message>
    <message>
        <source>Models trained in every fold, with other seeds; the mean of their probabilities is scored. Empty: as many as the model file has, 1 without one.</source>
        <translation>Số mô hình được huấn luyện trong mỗi phần (fold), với các hạt giống khác nhau; trung bình xác suất của chúng được đánh giá. Để trống: bằng số thành viên trong tệp mô hình, 1 nếu không có tệp.</translation>
    </message>
    <message>
        <source>Momentum</source>
        <translation>Động lượng</translation>
    </message>
    <message>
        <source>Monitoring priority</source>
        <translation>Ưu tiên quan trắc</translation>
    </message>
    <message>
        <source>Motion northwards</source>
        <translation>Chuyển động hướng bắc</translation>
    </message>
    <message>
        <source>Multi-band raster</source>
        <translation>Raster đa kênh</translation>
    </message>
    <message>
        <source>Multiplies the elevations to give metres: 1 for metres, 0.3048 for feet, 0.01 for centimetres. Cell sizes are turned into metres by themselves.</source>
        <translation>Nhân với độ cao để ra mét: 1 cho mét, 0.3048 cho feet, 0.01 cho xentimét. Kích thước ô được tự động chuyển sang mét.</translation>
    </message>
    <message>
        <source>NDBI</source>
        <translation>NDBI</translation>
    </message>
    <message>
        <source>NDVI</source>
        <translation>NDVI</translation>
    </message>
    <message>
        <source>NDWI (McFeeters)</source>
        <translation>NDWI (McFeeters)</translation>
    </message>
    <message>
        <source>Name of the study</source>
        <translation>Tên nghiên cứu (study)</translation>
    </message>
    <message>
        <source>Name within the storage. Empty: a name that follows from model type, search space, settings and data, so that the same search goes on and another one begins anew. A study of this name with another search space or other data is refused.</source>
        <translation>Tên trong nơi lưu trữ. Để trống: tên được suy ra từ loại mô hình, không gian tìm kiếm, thiết lập và dữ liệu, nhờ đó cùng một quá trình tìm kiếm được tiếp tục, còn quá trình khác thì bắt đầu mới. Nghiên cứu trùng tên này nhưng có không gian tìm kiếm hoặc dữ liệu khác sẽ bị từ chối.</translation>
    </message>
    <message>
        <source>Names of the factors</source>
        <translation>Tên các yếu tố</translation>
    </message>
    <message>
        <source>Natural breaks (Jenks)</source>
        <translation>Ngưỡng tự nhiên (Jenks)</translation>
    </message>
    <message>
        <source>Neighbourhood of hotspots (cells)</source>
        <translation>Vùng lân cận của điểm nóng (số ô)</translation>
    </message>
    <message>
        <source>Neighbours</source>
        <translation>Số điểm lân cận</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Không</translation>
    </message>
    <message>
        <source>None: all factors alike</source>
        <translation>Không: mọi yếu tố như nhau</translation>
    </message>
    <message>
        <source>North (N)</source>
        <translation>Hướng bắc (N)</translation>
    </message>
    <message>
        <source>Number of InSAR dates</source>
        <translation>Số mốc thời gian InSAR</translation>
    </message>
    <message>
        <source>Number of classes</source>
        <translation>Số cấp</translation>
    </message>
    <message>
        <source>Number of convolution filters.</source>
        <translation>Số bộ lọc tích chập.</translation>
    </message>
    <message>
        <source>Number of members</source>
        <translation>Số thành viên</translation>
    </message>
    <message>
        <source>Number of random or spatial folds.</source>
        <translation>Số phần (fold) ngẫu nhiên hoặc không gian.</translation>
    </message>
    <message>
        <source>Number of residual blocks.</source>
        <translation>Số khối phần dư.</translation>
    </message>
    <message>
        <source>Number of samples</source>
        <translation>Số mẫu</translation>
    </message>
    <message>
        <source>Number of subsidence points</source>
        <translation>Số điểm sụt lún</translation>
    </message>
    <message>
        <source>Number of the best trial</source>
        <translation>Số hiệu lần thử tốt nhất</translation>
    </message>
    <message>
        <source>Number of warnings</source>
        <translation>Số cảnh báo</translation>
    </message>
    <message>
        <source>Numeric field with the fold of each training row. Where it is empty or missing, each row is its own fold, as in the published software without cross-validation.</source>
        <translation>Trường số chứa phần (fold) của từng dòng huấn luyện. Nếu trường rỗng hoặc không có, mỗi dòng là một phần (fold) riêng, như trong phần mềm đã công bố khi không có kiểm định chéo.</translation>
    </message>
    <message>
        <source>Observed deformation</source>
        <translation>Biến dạng quan trắc</translation>
    </message>
    <message>
        <source>Offset</source>
        <translation>Độ dời (offset)</translation>
    </message>
    <message>
        <source>One or several .safetensors files written by the training algorithms.</source>
        <translation>Một hoặc nhiều tệp .safetensors do các thuật toán huấn luyện ghi ra.</translation>
    </message>
    <message>
        <source>One or several files of one component (LOS, U or E) and, of the line of sight, one geometry (ascending or descending): import each by itself.</source>
        <translation>Một hoặc nhiều tệp của cùng một thành phần (LOS, U hoặc E) và, với hướng nhìn, của cùng một hình học (bay lên hoặc bay xuống): nhập riêng từng loại.</translation>
    </message>
    <message>
        <source>One point a cell</source>
        <translation>Mỗi ô một điểm</translation>
    </message>
    <message>
        <source>Optimise</source>
        <translation>Chỉ số tối ưu hóa</translation>
    </message>
    <message>
        <source>Optimizer</source>
        <translation>Bộ tối ưu</translation>
    </message>
    <message>
        <source>Options: {options}.</source>
        <translation>Tùy chọn: {options}.</translation>
    </message>
    <message>
        <source>Outputs</source>
        <translation>Đầu ra</translation>
    </message>
    <message>
        <source>Packages that cannot be used</source>
        <translation>Các gói không dùng được</translation>
    </message>
    <message>
        <source>Paper (whole map pooled)</source>
        <translation>Theo bài báo (gộp cả bản đồ)</translation>
    </message>
    <message>
        <source>Partitions</source>
        <translation>Số lần phân chia</translation>
    </message>
    <message>
        <source>Passes over the training rows; early stopping usually ends before.</source>
        <translation>Số lượt duyệt qua các dòng huấn luyện; dừng sớm thường kết thúc trước đó.</translation>
    </message>
    <message>
        <source>Patience</source>
        <translation>Độ kiên nhẫn</translation>
    </message>
    <message>
        <source>Patience (epochs)</source>
        <translation>Độ kiên nhẫn (epoch)</translation>
    </message>
    <message>
        <source>Penalty on leaves</source>
        <translation>Hệ số phạt trên lá</translation>
    </message>
    <message>
        <source>Penalty on the leaf values of the gradient boosting.</source>
        <translation>Hệ số phạt trên giá trị lá của gradient boosting.</translation>
    </message>
    <message>
        <source>Pixels valid in all members</source>
        <translation>Số điểm ảnh hợp lệ ở mọi thành viên</translation>
    </message>
    <message>
        <source>Pixels with a larger dissimilarity index lie outside. Empty: the upper whisker of the index of the training rows, as published.</source>
        <translation>Các điểm ảnh có chỉ số khác biệt lớn hơn nằm ngoài vùng áp dụng. Để trống: râu trên của chỉ số ở các dòng huấn luyện, như đã công bố.</translation>
    </message>
    <message>
        <source>Place of the waterfall</source>
        <translation>Vị trí của biểu đồ waterfall</translation>
    </message>
    <message>
        <source>Platt&apos;s curve</source>
        <translation>Đường cong Platt</translation>
    </message>
    <message>
        <source>Points</source>
        <translation>Các điểm</translation>
    </message>
    <message>
        <source>Points drawn from the truth (label 1), with the rate of subsidence in mm/yr.</source>
        <translation>Các điểm lấy từ xác suất thực (nhãn 1), kèm tốc độ sụt lún tính bằng mm/yr.</translation>
    </message>
    <message>
        <source>Points farther from the centre of a cell do not count; a cell without a nearer one is nodata.</source>
        <translation>Các điểm xa tâm ô hơn giá trị này không được tính; ô không có điểm nào gần hơn là nodata.</translation>
    </message>
    <message>
        <source>Points left out for the error</source>
        <translation>Số điểm để riêng nhằm đánh giá sai số</translation>
    </message>
    <message>
        <source>Points or polygons of known subsidence.</source>
        <translation>Điểm hoặc vùng (polygon) đã biết có sụt lún.</translation>
    </message>
    <message>
        <source>Points to choose from, for example stable InSAR points. Empty: random places in the mask.</source>
        <translation>Các điểm để chọn, ví dụ điểm InSAR ổn định. Để trống: vị trí ngẫu nhiên trong mặt nạ.</translation>
    </message>
    <message>
        <source>Points with forecast</source>
        <translation>Điểm kèm dự báo</translation>
    </message>
    <message>
        <source>Points with line-of-sight series (fields DYYYYMMDD), as &apos;Import InSAR time series&apos; writes them from EGMS L2a or L2b.</source>
        <translation>Các điểm có chuỗi theo hướng nhìn (trường DYYYYMMDD), do &apos;Nhập chuỗi thời gian InSAR&apos; ghi ra từ EGMS L2a hoặc L2b.</translation>
    </message>
    <message>
        <source>Points with this velocity or a faster one of the same sign are subsidence. Negative where negative is subsidence, as in EGMS.</source>
        <translation>Các điểm có vận tốc bằng hoặc nhanh hơn giá trị này và cùng dấu là sụt lún. Giá trị âm nếu sụt lún mang dấu âm, như trong EGMS.</translation>
    </message>
    <message>
        <source>Polygons over stable ground: the mean of the points inside is taken off all points at each date. They may lie outside the extent. Empty: values as delivered.</source>
        <translation>Các vùng (polygon) trên nền đất ổn định: trung bình của các điểm bên trong được trừ khỏi mọi điểm tại mỗi ngày. Các vùng này có thể nằm ngoài phạm vi. Để trống: giữ giá trị như được cung cấp.</translation>
    </message>
    <message>
        <source>Power</source>
        <translation>Số mũ</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>Độ chính xác số học</translation>
    </message>
    <message>
        <source>Predict susceptibility</source>
        <translation>Dự đoán tính nhạy cảm</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>Bộ thiết lập sẵn</translation>
    </message>
    <message>
        <source>Priority classes</source>
        <translation>Các cấp ưu tiên</translation>
    </message>
    <message>
        <source>Probability</source>
        <translation>Xác suất</translation>
    </message>
    <message>
        <source>Probability from which a row is called subsidence; the paper takes 0.5.</source>
        <translation>Xác suất mà từ đó một dòng được coi là sụt lún; bài báo lấy 0.5.</translation>
    </message>
    <message>
        <source>Probability of each level</source>
        <translation>Xác suất của từng mức</translation>
    </message>
    <message>
        <source>Probability of subsidence, 0 to 1, float32; nodata where a factor has no value.</source>
        <translation>Xác suất sụt lún, từ 0 đến 1, float32; nodata ở nơi có yếu tố không có giá trị.</translation>
    </message>
    <message>
        <source>Probability raster</source>
        <translation>Raster xác suất</translation>
    </message>
    <message>
        <source>Project</source>
        <translation>Dự án</translation>
    </message>
    <message>
        <source>Quality field</source>
        <translation>Trường chất lượng</translation>
    </message>
    <message>
        <source>Quality limit</source>
        <translation>Giới hạn chất lượng</translation>
    </message>
    <message>
        <source>Quality sense</source>
        <translation>Chiều của chất lượng</translation>
    </message>
    <message>
        <source>Quantile</source>
        <translation>Phân vị</translation>
    </message>
    <message>
        <source>Quantile classes of a continuous factor in the frequency ratio model.</source>
        <translation>Số cấp phân vị của một yếu tố liên tục trong mô hình tỷ số tần suất.</translation>
    </message>
    <message>
        <source>Quantiles (%)</source>
        <translation>Phân vị (%)</translation>
    </message>
    <message>
        <source>Quantiles of the intensity</source>
        <translation>Phân vị của cường độ</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>Đại lượng</translation>
    </message>
    <message>
        <source>RMSE at left-out points (mm)</source>
        <translation>RMSE tại các điểm để riêng (mm)</translation>
    </message>
    <message>
        <source>RMSE over all steps (mm)</source>
        <translation>RMSE trên mọi bước (mm)</translation>
    </message>
    <message>
        <source>Random</source>
        <translation>Ngẫu nhiên</translation>
    </message>
    <message>
        <source>Random folds</source>
        <translation>Phần (fold) ngẫu nhiên</translation>
    </message>
    <message>
        <source>Random forest</source>
        <translation>Rừng ngẫu nhiên</translation>
    </message>
    <message>
        <source>Random orders drawn for every background row of the rasters, the same for all pixels. More background rows are worth more than more rounds.</source>
        <translation>Số hoán vị ngẫu nhiên của các yếu tố được chọn cho mỗi dòng nền của raster, giống nhau cho mọi điểm ảnh. Thêm dòng nền có ích hơn thêm vòng.</translation>
    </message>
    <message>
        <source>Random orders of the factors drawn for every background row and sample, each taken forwards and backwards. The standard error falls with the square root; with 1 there is none. Time grows with them.</source>
        <translation>Số hoán vị ngẫu nhiên của các yếu tố được chọn cho mỗi cặp dòng nền và mẫu, mỗi hoán vị được duyệt xuôi và ngược. Sai số chuẩn giảm theo căn bậc hai; với 1 thì không có sai số chuẩn. Thời gian tăng theo số này.</translation>
    </message>
    <message>
        <source>Random seed</source>
        <translation>Hạt giống ngẫu nhiên</translation>
    </message>
    <message>
        <source>Random, stratified by label</source>
        <translation>Ngẫu nhiên, phân tầng theo nhãn</translation>
    </message>
    <message>
        <source>Rank variance</source>
        <translation>Phương sai thứ hạng</translation>
    </message>
    <message>
        <source>Ranking of the factors</source>
        <translation>Xếp hạng các yếu tố</translation>
    </message>
    <message>
        <source>Raster of elevations with a CRS, projected or in degrees. Take it somewhat larger than the study area: the TWI lacks the water from outside.</source>
        <translation>Raster độ cao có hệ tọa độ, phẳng hoặc tính bằng độ. Nên lấy rộng hơn khu vực nghiên cứu một chút: TWI thiếu phần nước từ bên ngoài.</translation>
    </message>
    <message>
        <source>Ratio report</source>
        <translation>Báo cáo tỷ số tần suất</translation>
    </message>
    <message>
        <source>Recalibrated model</source>
        <translation>Mô hình đã hiệu chuẩn lại</translation>
    </message>
    <message>
        <source>Recalibration</source>
        <translation>Hiệu chuẩn lại</translation>
    </message>
    <message>
        <source>Reclassify factors</source>
        <translation>Phân cấp lại các yếu tố</translation>
    </message>
    <message>
        <source>Reference</source>
        <translation>Tài liệu tham khảo</translation>
    </message>
    <message>
        <source>Reference area</source>
        <translation>Vùng tham chiếu</translation>
    </message>
    <message>
        <source>Reference raster</source>
        <translation>Raster tham chiếu</translation>
    </message>
    <message>
        <source>Reflectance = scale × stored value + offset. The default is that of Landsat Collection 2 Level 2 (surface reflectance); Landsat Collection 2 Level 1 (top of atmosphere): 0.00002 and -0.1; Sentinel-2: 0.0001; reflectances: 1 and 0.</source>
        <translation>Độ phản xạ = hệ số tỷ lệ × giá trị lưu + độ dời. Mặc định là của Landsat Collection 2 Level 2 (độ phản xạ bề mặt); Landsat Collection 2 Level 1 (đỉnh khí quyển): 0.00002 và -0.1; Sentinel-2: 0.0001; giá trị đã là độ phản xạ: 1 và 0.</translation>
    </message>
    <message>
        <source>Repeats</source>
        <translation>Số lần lặp</translation>
    </message>
    <message>
        <source>Repeats the whole search, with the seeds SEED, SEED + 1 and so on, TRIALS each; the paper takes 10. The defaults are trained with each seed as well. RUNS has both, and MODEL the best trials of all searches.</source>
        <translation>Lặp lại toàn bộ quá trình tìm kiếm với các hạt giống SEED, SEED + 1, v.v., mỗi lần TRIALS lần thử; bài báo lấy 10. Giá trị mặc định cũng được huấn luyện với từng hạt giống. RUNS chứa cả hai, còn MODEL chứa các lần thử tốt nhất của mọi lần tìm kiếm.</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>Báo cáo</translation>
    </message>
    <message>
        <source>ResNet</source>
        <translation>ResNet</translation>
    </message>
    <message>
        <source>Resamples of the rows, within each class, for the 95 % bands of the ROC curves and the intervals of the AUC; 0 leaves them out.</source>
        <translation>Số lần lấy mẫu lại các dòng, trong từng lớp, để có dải 95 % của đường ROC và khoảng tin cậy của AUC; 0 bỏ qua phần này.</translation>
    </message>
    <message>
        <source>Residual</source>
        <translation>Phần dư</translation>
    </message>
    <message>
        <source>Residual report</source>
        <translation>Báo cáo phần dư</translation>
    </message>
    <message>
        <source>Residuals at the points</source>
        <translation>Phần dư tại các điểm</translation>
    </message>
    <message>
        <source>Residuals of forecasts</source>
        <translation>Phần dư của dự báo</translation>
    </message>
    <message>
        <source>Rounds</source>
        <translation>Số vòng</translation>
    </message>
    <message>
        <source>Rounds of the rasters</source>
        <translation>Số vòng cho raster</translation>
    </message>
    <message>
        <source>Rows</source>
        <translation>Các dòng</translation>
    </message>
    <message>
        <source>Rows in a leaf</source>
        <translation>Số dòng trong một lá</translation>
    </message>
    <message>
        <source>Rows of the rarer class count more, so that both classes weigh the same.</source>
        <translation>Các dòng của lớp hiếm hơn được tính nặng hơn, để hai lớp có trọng lượng như nhau.</translation>
    </message>
    <message>
        <source>Rows of the samples</source>
        <translation>Các dòng của lớp mẫu</translation>
    </message>
    <message>
        <source>Rows to explain</source>
        <translation>Các dòng cần giải thích</translation>
    </message>
    <message>
        <source>Rules</source>
        <translation>Quy tắc</translation>
    </message>
    <message>
        <source>Rules by factor (JSON)</source>
        <translation>Quy tắc theo yếu tố (JSON)</translation>
    </message>
    <message>
        <source>Runs table</source>
        <translation>Bảng các lần chạy</translation>
    </message>
    <message>
        <source>Runs tables</source>
        <translation>Các bảng lần chạy</translation>
    </message>
    <message>
        <source>SAVI</source>
        <translation>SAVI</translation>
    </message>
    <message>
        <source>SGD</source>
        <translation>SGD</translation>
    </message>
    <message>
        <source>SHAP values</source>
        <translation>Giá trị SHAP</translation>
    </message>
    <message>
        <source>Sample of the waterfall</source>
        <translation>Mẫu của biểu đồ waterfall</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>Lớp mẫu</translation>
    </message>
    <message>
        <source>Samples hold as many stable as subsiding points, an area does not. Given the share of the area that subsides (0 to 1, excluded), the odds p/(1-p) of the map are multiplied by the ratio of the prior odds, area to samples (to calibration rows for a recalibrated model). Ranking and AUC do not change. Empty: probabilities as the model gives them.</source>
        <translation>Lớp mẫu có số điểm ổn định bằng số điểm sụt lún, còn một khu vực thì không. Khi cho biết tỷ lệ diện tích bị sụt lún (giữa 0 và 1, không kể hai đầu), tỷ số chênh p/(1-p) của bản đồ được nhân với tỷ số giữa hai tỷ số chênh tiên nghiệm, của khu vực trên của mẫu (của các dòng hiệu chuẩn nếu mô hình đã hiệu chuẩn lại). Thứ hạng và AUC không đổi. Để trống: giữ xác suất như mô hình cho ra.</translation>
    </message>
    <message>
        <source>Samples of the model</source>
        <translation>Lớp mẫu của mô hình</translation>
    </message>
    <message>
        <source>Samples with SHAP values</source>
        <translation>Mẫu kèm giá trị SHAP</translation>
    </message>
    <message>
        <source>Scale</source>
        <translation>Hệ số tỷ lệ</translation>
    </message>
    <message>
        <source>Scores</source>
        <translation>Điểm đánh giá</translation>
    </message>
    <message>
        <source>Scores by horizon</source>
        <translation>Điểm đánh giá theo tầm dự báo</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>Tìm kiếm</translation>
    </message>
    <message>
        <source>Several events of one split in one cell count as one.</source>
        <translation>Nhiều sự kiện cùng một phần chia nằm trong một ô được tính là một.</translation>
    </message>
    <message>
        <source>Share of inputs in a split</source>
        <translation>Tỷ lệ biến đầu vào ở mỗi lần phân nhánh</translation>
    </message>
    <message>
        <source>Share of test dates</source>
        <translation>Tỷ lệ ngày kiểm tra</translation>
    </message>
    <message>
        <source>Share of test points</source>
        <translation>Tỷ lệ điểm kiểm tra</translation>
    </message>
    <message>
        <source>Share of the area outside</source>
        <translation>Tỷ lệ diện tích nằm ngoài</translation>
    </message>
    <message>
        <source>Share of the area that subsides (corrects the prior)</source>
        <translation>Tỷ lệ diện tích sụt lún (hiệu chỉnh xác suất tiên nghiệm)</translation>
    </message>
    <message>
        <source>Share of the inputs that every split of the random forest looks at; 0 takes the square root of their number.</source>
        <translation>Tỷ lệ biến đầu vào được xét ở mỗi lần phân nhánh của rừng ngẫu nhiên; 0 lấy căn bậc hai của số biến.</translation>
    </message>
    <message>
        <source>Share of the training rows that finds the best epoch; with 0 all rows train and the last weights are kept.</source>
        <translation>Tỷ lệ dòng huấn luyện dùng để tìm epoch tốt nhất; với 0, mọi dòng đều dùng để huấn luyện và trọng số cuối cùng được giữ lại.</translation>
    </message>
    <message>
        <source>Share of the training rows that judges trials, where there are no folds.</source>
        <translation>Tỷ lệ dòng huấn luyện dùng để đánh giá các lần thử khi không chia phần (fold).</translation>
    </message>
    <message>
        <source>Share of validation dates</source>
        <translation>Tỷ lệ ngày kiểm định</translation>
    </message>
    <message>
        <source>Share of validation points</source>
        <translation>Tỷ lệ điểm kiểm định</translation>
    </message>
    <message>
        <source>Side of a cell, in metres for the usual projected CRS. Cells begin at multiples of it, so that grids of several layers match.</source>
        <translation>Cạnh của ô, tính bằng mét với hệ tọa độ phẳng thông thường. Các ô bắt đầu tại bội số của giá trị này, nên lưới của nhiều lớp khớp với nhau.</translation>
    </message>
    <message>
        <source>Side of square blocks</source>
        <translation>Cạnh của khối vuông</translation>
    </message>
    <message>
        <source>Side of the square blocks in map units of the samples (metres where their CRS is in degrees). Empty: suggested from the range of the factors&apos; semivariograms.</source>
        <translation>Cạnh của các khối vuông theo đơn vị bản đồ của lớp mẫu (mét nếu hệ tọa độ tính bằng độ). Để trống: được đề xuất từ bán kính ảnh hưởng trong bán phương sai đồ (semivariogram) của các yếu tố.</translation>
    </message>
    <message>
        <source>Signed residuals</source>
        <translation>Phần dư có dấu</translation>
    </message>
    <message>
        <source>Significance level</source>
        <translation>Mức ý nghĩa</translation>
    </message>
    <message>
        <source>Significant after correction</source>
        <translation>Số có ý nghĩa sau hiệu chỉnh</translation>
    </message>
    <message>
        <source>Simple models that are measured in the same folds, with their defaults. Headless, QGIS 3.22 takes the default for an empty list; name one instead.</source>
        <translation>Các mô hình đơn giản được đánh giá trong cùng các phần (fold), với giá trị mặc định. Khi chạy không giao diện, QGIS 3.22 lấy mặc định cho danh sách rỗng; khi đó nên nêu tên một mô hình.</translation>
    </message>
    <message>
        <source>Size of the optimizer&apos;s steps. Empty: the preset&apos;s.</source>
        <translation>Độ lớn bước của bộ tối ưu. Để trống: theo bộ thiết lập sẵn.</translation>
    </message>
    <message>
        <source>Skill against the best simple forecast</source>
        <translation>Độ cải thiện (skill) so với dự báo đơn giản tốt nhất</translation>
    </message>
    <message>
        <source>Slope</source>
        <translation>Độ dốc</translation>
    </message>
    <message>
        <source>So many of the best trials with different values become the members of MODEL; the forecast is their median. The defaults, trained and judged as well, are a member where they are among the best.</source>
        <translation>Số lần thử tốt nhất, có giá trị khác nhau, trở thành thành viên của MODEL; dự báo là trung vị của chúng. Bộ giá trị mặc định, cũng được huấn luyện và đánh giá, là một thành viên nếu nằm trong số tốt nhất.</translation>
    </message>
    <message>
        <source>So many of the rows, drawn by SEED with each label in its share, are explained; 0 explains all. Time grows with them.</source>
        <translation>Số dòng được giải thích, chọn theo SEED với tỷ lệ từng nhãn giữ nguyên; 0 giải thích tất cả. Thời gian tăng theo số này.</translation>
    </message>
    <message>
        <source>Spacing</source>
        <translation>Khoảng cách</translation>
    </message>
    <message>
        <source>Spatial encoder</source>
        <translation>Bộ mã hóa không gian</translation>
    </message>
    <message>
        <source>Spatial folds</source>
        <translation>Phần (fold) không gian</translation>
    </message>
    <message>
        <source>Spatial folds: k-means</source>
        <translation>Phần (fold) không gian: k-means</translation>
    </message>
    <message>
        <source>Spatial folds: square blocks</source>
        <translation>Phần (fold) không gian: khối vuông</translation>
    </message>
    <message>
        <source>Spectral indices</source>
        <translation>Chỉ số phổ</translation>
    </message>
    <message>
        <source>Spectral indices from satellite bands</source>
        <translation>Chỉ số phổ từ các kênh vệ tinh</translation>
    </message>
    <message>
        <source>Split</source>
        <translation>Cách chia</translation>
    </message>
    <message>
        <source>Split field</source>
        <translation>Trường chia mẫu</translation>
    </message>
    <message>
        <source>Square blocks</source>
        <translation>Khối vuông</translation>
    </message>
    <message>
        <source>Stable points</source>
        <translation>Điểm ổn định</translation>
    </message>
    <message>
        <source>Stable points move by less than this either way; at most the size of the velocity of subsidence.</source>
        <translation>Điểm ổn định chuyển động chậm hơn giá trị này theo cả hai chiều; không quá độ lớn của vận tốc sụt lún.</translation>
    </message>
    <message>
        <source>Standard deviation</source>
        <translation>Độ lệch chuẩn</translation>
    </message>
    <message>
        <source>Step (days)</source>
        <translation>Bước (ngày)</translation>
    </message>
    <message>
        <source>Step between bands (days)</source>
        <translation>Bước giữa các kênh (ngày)</translation>
    </message>
    <message>
        <source>Step of the members</source>
        <translation>Bước của các thành viên</translation>
    </message>
    <message>
        <source>Stop after so many epochs without a lower hold-out loss (once it has begun to learn); 0 never stops early. The weights of the best epoch are kept in either case.</source>
        <translation>Dừng sau bấy nhiêu epoch mà hàm mất mát trên phần giữ lại không giảm (khi mạng đã bắt đầu học); 0: không bao giờ dừng sớm. Trong cả hai trường hợp, trọng số của epoch tốt nhất được giữ lại.</translation>
    </message>
    <message>
        <source>Storage of the trials</source>
        <translation>Nơi lưu trữ các lần thử</translation>
    </message>
    <message>
        <source>Strongest factor</source>
        <translation>Yếu tố mạnh nhất</translation>
    </message>
    <message>
        <source>Subsidence</source>
        <translation>Sụt lún</translation>
    </message>
    <message>
        <source>Subsidence and absence points</source>
        <translation>Điểm sụt lún và điểm không sụt lún</translation>
    </message>
    <message>
        <source>Subsidence inventory</source>
        <translation>Bản đồ hiện trạng sụt lún</translation>
    </message>
    <message>
        <source>Subsidence points</source>
        <translation>Điểm sụt lún</translation>
    </message>
    <message>
        <source>Subsidence points or samples</source>
        <translation>Điểm sụt lún hoặc lớp mẫu</translation>
    </message>
    <message>
        <source>Subsidence probability</source>
        <translation>Xác suất sụt lún</translation>
    </message>
    <message>
        <source>Suggested block size</source>
        <translation>Kích thước khối đề xuất</translation>
    </message>
    <message>
        <source>Susceptibility classes</source>
        <translation>Các cấp tính nhạy cảm</translation>
    </message>
    <message>
        <source>Susceptibility workflow</source>
        <translation>Quy trình đánh giá tính nhạy cảm</translation>
    </message>
    <message>
        <source>TPE</source>
        <translation>TPE</translation>
    </message>
    <message>
        <source>Table of areas</source>
        <translation>Bảng diện tích</translation>
    </message>
    <message>
        <source>Table of classes</source>
        <translation>Bảng các cấp</translation>
    </message>
    <message>
        <source>Table of errors</source>
        <translation>Bảng sai số</translation>
    </message>
    <message>
        <source>Table of factors</source>
        <translation>Bảng các yếu tố</translation>
    </message>
    <message>
        <source>Table of levels</source>
        <translation>Bảng các mức</translation>
    </message>
    <message>
        <source>Table of packages</source>
        <translation>Bảng các gói</translation>
    </message>
    <message>
        <source>Take the median off each date</source>
        <translation>Trừ trung vị của từng ngày</translation>
    </message>
    <message>
        <source>Takes the median of all points off at each date, which removes what the whole area has in common (residual atmosphere, but also real motion of the whole area). Not together with a reference area.</source>
        <translation>Trừ trung vị của mọi điểm tại từng ngày, nhờ đó loại bỏ phần chung của cả khu vực (khí quyển còn dư, nhưng cả chuyển động thực của toàn khu vực). Không dùng cùng với vùng tham chiếu.</translation>
    </message>
    <message>
        <source>Temporal encoder</source>
        <translation>Bộ mã hóa thời gian</translation>
    </message>
    <message>
        <source>Test</source>
        <translation>Kiểm tra</translation>
    </message>
    <message>
        <source>The best TOP trials as members of one model; prediction takes their mean and can write their spread.</source>
        <translation>TOP lần thử tốt nhất là các thành viên của một mô hình; khi dự đoán, lấy trung bình của chúng và có thể ghi độ phân tán.</translation>
    </message>
    <message>
        <source>The best trial, trained on all training rows.</source>
        <translation>Lần thử tốt nhất, được huấn luyện trên mọi dòng huấn luyện.</translation>
    </message>
    <message>
        <source>The check was stopped.</source>
        <translation>Việc kiểm tra đã bị dừng.</translation>
    </message>
    <message>
        <source>The complete rules of this run, to be applied to another raster through RULES.</source>
        <translation>Toàn bộ quy tắc của lần chạy này, để áp dụng cho raster khác qua RULES.</translation>
    </message>
    <message>
        <source>The explained samples with all their fields, prediction, base_value and shap_FACTOR for every factor; coloured by the strongest factor. No shapefile.</source>
        <translation>Các mẫu được giải thích với mọi trường của chúng, cùng prediction, base_value và shap_FACTOR cho từng yếu tố; tô màu theo yếu tố mạnh nhất. Không dùng shapefile.</translation>
    </message>
    <message>
        <source>The factor that moves the prediction the most from the base value, up or down; or the one that raises it the most, which says what drives the hazard at a place.</source>
        <translation>Yếu tố làm dự đoán lệch khỏi giá trị nền nhiều nhất, lên hoặc xuống; hoặc yếu tố làm tăng dự đoán nhiều nhất, cho biết điều gì chi phối nguy cơ tại một nơi.</translation>
    </message>
    <message>
        <source>The last date that the forecast may know: a date of the stack as 2023-06-30, or a negative number, -10 for ten dates before the last. Empty: the last one.</source>
        <translation>Ngày cuối mà dự báo được phép biết: một ngày của chồng lớp như 2023-06-30, hoặc một số âm, -10 là lùi mười mốc thời gian so với mốc cuối. Để trống: ngày cuối.</translation>
    </message>
    <message>
        <source>The same seed and the same data give the same result.</source>
        <translation>Cùng hạt giống và cùng dữ liệu cho cùng kết quả.</translation>
    </message>
    <message>
        <source>The samples with all their fields, the random and the spatial fold of the first partition (fold_random, fold_spatial), and the probability from the model that was trained without that fold (p_random, p_spatial). It can be given to &apos;Area of applicability&apos; as the samples of the model. Needs samples with points.</source>
        <translation>Lớp mẫu với mọi trường, phần (fold) ngẫu nhiên và phần (fold) không gian của lần phân chia đầu tiên (fold_random, fold_spatial), cùng xác suất từ mô hình được huấn luyện không có phần đó (p_random, p_spatial). Có thể đưa vào &apos;Vùng áp dụng của mô hình&apos; làm lớp mẫu của mô hình. Cần lớp mẫu dạng điểm.</translation>
    </message>
    <message>
        <source>The table &apos;{name}&apos; (RUNS) cannot be opened; check it.</source>
        <translation>Không mở được bảng &apos;{name}&apos; (RUNS); cần kiểm tra lại.</translation>
    </message>
    <message>
        <source>The trained networks and their description.</source>
        <translation>Các mạng đã huấn luyện và mô tả của chúng.</translation>
    </message>
    <message>
        <source>There is no algorithm {id}.</source>
        <translation>Không có thuật toán {id}.</translation>
    </message>
    <message>
        <source>Thinning</source>
        <translation>Làm thưa điểm</translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation>Ngưỡng</translation>
    </message>
    <message>
        <source>Threshold of |r|</source>
        <translation>Ngưỡng của |r|</translation>
    </message>
    <message>
        <source>Tiles computed at a time; 0 takes one thread for each processor core.</source>
        <translation>Số mảnh được tính cùng lúc; 0 dùng một luồng cho mỗi nhân của bộ xử lý.</translation>
    </message>
    <message>
        <source>Title</source>
        <translation>Tiêu đề</translation>
    </message>
    <message>
        <source>Topographic factors</source>
        <translation>Các yếu tố địa hình</translation>
    </message>
    <message>
        <source>Topographic factors from a DEM</source>
        <translation>Yếu tố địa hình từ DEM</translation>
    </message>
    <message>
        <source>Topographic wetness index (TWI)</source>
        <translation>Chỉ số ẩm địa hình (TWI)</translation>
    </message>
    <message>
        <source>Track angle, ascending (°)</source>
        <translation>Góc hướng bay, quỹ đạo bay lên (°)</translation>
    </message>
    <message>
        <source>Track angle, descending (°)</source>
        <translation>Góc hướng bay, quỹ đạo bay xuống (°)</translation>
    </message>
    <message>
        <source>Train CNN</source>
        <translation>Huấn luyện CNN</translation>
    </message>
    <message>
        <source>Train CNN-LSTM</source>
        <translation>Huấn luyện CNN-LSTM</translation>
    </message>
    <message>
        <source>Train DRDN</source>
        <translation>Huấn luyện DRDN</translation>
    </message>
    <message>
        <source>Train LSTM</source>
        <translation>Huấn luyện LSTM</translation>
    </message>
    <message>
        <source>Train baseline</source>
        <translation>Huấn luyện mô hình đối chứng</translation>
    </message>
    <message>
        <source>Train forecaster</source>
        <translation>Huấn luyện mô hình dự báo</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>Huấn luyện</translation>
    </message>
    <message>
        <source>Training history</source>
        <translation>Diễn biến huấn luyện</translation>
    </message>
    <message>
        <source>Training report</source>
        <translation>Báo cáo huấn luyện</translation>
    </message>
    <message>
        <source>Training rows</source>
        <translation>Các dòng huấn luyện</translation>
    </message>
    <message>
        <source>Training rows (field split)</source>
        <translation>Dòng huấn luyện (trường split)</translation>
    </message>
    <message>
        <source>Training rows are those whose field split is &apos;train&apos;; without that field all rows count.</source>
        <translation>Dòng huấn luyện là những dòng có trường split bằng &apos;train&apos;; nếu không có trường này thì mọi dòng đều được tính.</translation>
    </message>
    <message>
        <source>Training rows in every leaf of the random forest, at least; more give smoother maps that hold better on unseen places.</source>
        <translation>Số dòng huấn luyện tối thiểu trong mỗi lá của rừng ngẫu nhiên; nhiều hơn cho bản đồ trơn hơn và ổn định hơn ở những nơi chưa từng thấy.</translation>
    </message>
    <message>
        <source>Training rows, drawn by SEED with each label in its share, over which a factor is averaged while it is not known. Their mean prediction is the base value. Time grows with them.</source>
        <translation>Số dòng huấn luyện, chọn theo SEED với tỷ lệ từng nhãn giữ nguyên, dùng để lấy trung bình một yếu tố khi chưa biết giá trị của nó. Trung bình dự đoán của chúng là giá trị nền. Thời gian tăng theo số này.</translation>
    </message>
    <message>
        <source>Transformer</source>
        <translation>Transformer</translation>
    </message>
    <message>
        <source>Trees</source>
        <translation>Số cây</translation>
    </message>
    <message>
        <source>Trees of the gradient boosting, one after another.</source>
        <translation>Số cây của gradient boosting, nối tiếp nhau.</translation>
    </message>
    <message>
        <source>Trials</source>
        <translation>Số lần thử</translation>
    </message>
    <message>
        <source>Trials at the same time</source>
        <translation>Số lần thử chạy đồng thời</translation>
    </message>
    <message>
        <source>Trials in the ensemble</source>
        <translation>Số lần thử trong tổ hợp</translation>
    </message>
    <message>
        <source>True probability</source>
        <translation>Xác suất thực</translation>
    </message>
    <message>
        <source>Tune forecaster</source>
        <translation>Tinh chỉnh mô hình dự báo</translation>
    </message>
    <message>
        <source>Tune model</source>
        <translation>Tinh chỉnh mô hình</translation>
    </message>
    <message>
        <source>Turns a probability raster into susceptibility classes, 1 (very low) to 5 (very high), with their area and share.</source>
        <translation>Chuyển raster xác suất thành các cấp tính nhạy cảm, từ 1 (rất thấp) đến 5 (rất cao), kèm diện tích và tỷ lệ của từng cấp.</translation>
    </message>
    <message>
        <source>Uncertainty report</source>
        <translation>Báo cáo độ bất định</translation>
    </message>
    <message>
        <source>Unique values</source>
        <translation>Giá trị duy nhất</translation>
    </message>
    <message>
        <source>Unit of the table</source>
        <translation>Đơn vị của bảng</translation>
    </message>
    <message>
        <source>Units of every residual block.</source>
        <translation>Số đơn vị của mỗi khối phần dư.</translation>
    </message>
    <message>
        <source>Units of the LSTM layer.</source>
        <translation>Số đơn vị của lớp LSTM.</translation>
    </message>
    <message>
        <source>Units of the dense layer.</source>
        <translation>Số đơn vị của lớp kết nối đầy đủ.</translation>
    </message>
    <message>
        <source>Units of the first dense layer.</source>
        <translation>Số đơn vị của lớp kết nối đầy đủ thứ nhất.</translation>
    </message>
    <message>
        <source>Units of the second dense layer.</source>
        <translation>Số đơn vị của lớp kết nối đầy đủ thứ hai.</translation>
    </message>
    <message>
        <source>Upper end of the interval</source>
        <translation>Cận trên của khoảng dự báo</translation>
    </message>
    <message>
        <source>Validate models</source>
        <translation>Kiểm định mô hình</translation>
    </message>
    <message>
        <source>Validation</source>
        <translation>Kiểm định</translation>
    </message>
    <message>
        <source>Validation report</source>
        <translation>Báo cáo kiểm định</translation>
    </message>
    <message>
        <source>Value of the best trial</source>
        <translation>Giá trị của lần thử tốt nhất</translation>
    </message>
    <message>
        <source>Values of all settings that are left empty. The defaults fill the gaps of Appendix B; its own learning rate of 0.05 for the CNN-LSTM may fail to learn.</source>
        <translation>Giá trị của mọi thiết lập để trống. Bộ mặc định bổ sung những chỗ Phụ lục B không nêu; tốc độ học riêng của phụ lục, 0.05 cho CNN-LSTM, có thể khiến mạng không học được.</translation>
    </message>
    <message>
        <source>Values of what is left out</source>
        <translation>Giá trị dùng khi để trống</translation>
    </message>
    <message>
        <source>Variant</source>
        <translation>Biến thể</translation>
    </message>
    <message>
        <source>Velocity field</source>
        <translation>Trường vận tốc</translation>
    </message>
    <message>
        <source>Velocity of stable points (mm/yr)</source>
        <translation>Vận tốc của điểm ổn định (mm/yr)</translation>
    </message>
    <message>
        <source>Velocity of subsidence (mm/yr)</source>
        <translation>Vận tốc sụt lún (mm/yr)</translation>
    </message>
    <message>
        <source>Vertical (U)</source>
        <translation>Thẳng đứng (U)</translation>
    </message>
    <message>
        <source>Vertical points</source>
        <translation>Điểm chuyển dịch thẳng đứng</translation>
    </message>
    <message>
        <source>Weight decay</source>
        <translation>Suy giảm trọng số</translation>
    </message>
    <message>
        <source>Weight of every tree of the gradient boosting; smaller needs more iterations.</source>
        <translation>Trọng số của mỗi cây trong gradient boosting; nhỏ hơn thì cần nhiều vòng lặp hơn.</translation>
    </message>
    <message>
        <source>Weights of the factors</source>
        <translation>Trọng số của các yếu tố</translation>
    </message>
    <message>
        <source>What is trained in every fold, with its default settings. Not used where MODEL is given.</source>
        <translation>Mô hình được huấn luyện trong mỗi phần (fold), với thiết lập mặc định. Không dùng khi đã cho MODEL.</translation>
    </message>
    <message>
        <source>What is tuned; each model type brings its own search space.</source>
        <translation>Mô hình được tinh chỉnh; mỗi loại mô hình có không gian tìm kiếm riêng.</translation>
    </message>
    <message>
        <source>When to use it</source>
        <translation>Khi nào nên dùng</translation>
    </message>
    <message>
        <source>Where the line is typed</source>
        <translation>Nơi nhập dòng lệnh</translation>
    </message>
    <message>
        <source>Where the trials are kept</source>
        <translation>Nơi giữ các lần thử</translation>
    </message>
    <message>
        <source>Where the trials are kept, so that an interrupted search goes on where it stopped when it is run again. Empty: a file beside the model, with the suffix .study, which stays; delete it to begin anew. A path names another such file (or an SQLite file, with the suffix .db). A database URL such as postgresql://user@host:5432/name lets several QGIS sessions, qgis_process calls and workers on several computers share one study. Type no password here, QGIS keeps what is typed: use AUTHENTICATION, or the name of an environment variable as in postgresql://user:${MY_VARIABLE}@host/name.</source>
        <translation>Nơi giữ các lần thử, để quá trình tìm kiếm bị gián đoạn tiếp tục từ chỗ đã dừng khi chạy lại. Để trống: một tệp bên cạnh mô hình, có đuôi .study, được giữ lại; xóa tệp này để bắt đầu lại từ đầu. Một đường dẫn chỉ đến một tệp khác cùng loại (hoặc tệp SQLite, có đuôi .db). URL cơ sở dữ liệu như postgresql://user@host:5432/name cho phép nhiều phiên QGIS, nhiều lệnh qgis_process và nhiều tiến trình phụ trên nhiều máy tính dùng chung một nghiên cứu. Không nhập mật khẩu vào đây vì QGIS lưu lại nội dung đã nhập: dùng AUTHENTICATION, hoặc tên của một biến môi trường như trong postgresql://user:${MY_VARIABLE}@host/name.</translation>
    </message>
    <message>
        <source>Width (cells)</source>
        <translation>Chiều rộng (số ô)</translation>
    </message>
    <message>
        <source>Window (dates)</source>
        <translation>Cửa sổ (số mốc thời gian)</translation>
    </message>
    <message>
        <source>With STEP: nothing is put between two values of a point that are more days apart.</source>
        <translation>Khi dùng STEP: không điền giá trị nào giữa hai giá trị của một điểm cách nhau nhiều ngày hơn số này.</translation>
    </message>
    <message>
        <source>Worker processes</source>
        <translation>Số tiến trình phụ</translation>
    </message>
    <message>
        <source>X column</source>
        <translation>Cột X</translation>
    </message>
    <message>
        <source>Y column</source>
        <translation>Cột Y</translation>
    </message>
    <message>
        <source>Z factor</source>
        <translation>Hệ số Z</translation>
    </message>
    <message>
        <source>Zero</source>
        <translation>Bằng không</translation>
    </message>
    <message>
        <source>bfloat16</source>
        <translation>bfloat16</translation>
    </message>
    <message>
        <source>bfloat16 computes networks about twice as fast where the processor has it in hardware, with probabilities that differ by some 0.01; elsewhere float32 is used.</source>
        <translation>bfloat16 tính các mạng nhanh khoảng gấp đôi nếu bộ xử lý hỗ trợ bằng phần cứng, với xác suất sai khác khoảng 0.01; ở máy khác thì dùng float32.</translation>
    </message>
    <message>
        <source>cm</source>
        <translation>cm</translation>
    </message>
    <message>
        <source>float32</source>
        <translation>float32</translation>
    </message>
    <message>
        <source>from {low} to {high}</source>
        <translation>từ {low} đến {high}</translation>
    </message>
    <message>
        <source>k-means on coordinates</source>
        <translation>k-means theo tọa độ</translation>
    </message>
    <message>
        <source>m</source>
        <translation>m</translation>
    </message>
    <message>
        <source>mm</source>
        <translation>mm</translation>
    </message>
    <message>
        <source>optional</source>
        <translation>tùy chọn</translation>
    </message>
    <message>
        <source>{meaning} Empty: the preset&apos;s (default {default}). &apos;Tune model&apos; searches {low} to {high}.</source>
        <translation>{meaning} Để trống: theo bộ thiết lập sẵn (mặc định {default}). &apos;Tinh chỉnh mô hình&apos; tìm kiếm từ {low} đến {high}.</translation>
    </message>
    <message>
        <source>{meaning} Empty: {default}.</source>
        <translation>{meaning} Để trống: {default}.</translation>
    </message>
    <message>
        <source>{name} is {value}; it must be {range}.</source>
        <translation>{name} là {value}; giá trị cho phép: {range}.</translation>
    </message>
    <message>
        <source>{number} or less</source>
        <translation>không quá {number}</translation>
    </message>
    <message>
        <source>{number} or more</source>
        <translation>ít nhất {number}</translation>
    </message>
    <message>
        <source>{summary}</source>
        <translation>{summary}</translation>
    </message>
    <message>
        <source>&apos;Last map&apos; reads and decodes the surroundings of each cell, trains on crops and works on any grid. &apos;Paper&apos; pools every map to one vector: it takes at most 16,384 cells or points, and with CNN and ResNet it forecasts only the grid that it was trained on.</source>
        <translation>&apos;Bản đồ cuối&apos; đọc và giải mã vùng xung quanh từng ô, huấn luyện trên các mảnh cắt và dùng được cho mọi lưới. &apos;Theo bài báo&apos; gộp mỗi bản đồ thành một vectơ: biến thể này nhận tối đa 16 384 ô hoặc điểm, và với CNN và ResNet chỉ dự báo cho đúng lưới đã dùng để huấn luyện.</translation>
    </message>
    <message>
        <source>, class {label}</source>
        <translation>, cấp {label}</translation>
    </message>
    <message>
        <source>, forecast {value} {unit} on {date}</source>
        <translation>, dự báo {value} {unit} vào {date}</translation>
    </message>
    <message>
        <source>, spread of the members {spread}</source>
        <translation>, độ phân tán của các thành viên {spread}</translation>
    </message>
    <message>
        <source>3 passes</source>
        <translation>3 lượt</translation>
    </message>
    <message>
        <source>30 epochs, or 2 folds</source>
        <translation>30 epoch, hoặc 2 phần (fold)</translation>
    </message>
    <message>
        <source>&lt;b&gt;Curvature&lt;/b&gt; (1/100 m) is the general curvature with the sign of ArcGIS, −100 × (∂²z/∂x² + ∂²z/∂y²): ridges are positive, valleys negative, planes zero.</source>
        <translation>&lt;b&gt;Độ cong bề mặt&lt;/b&gt; (1/100 m) là độ cong tổng quát với dấu theo ArcGIS, −100 × (∂²z/∂x² + ∂²z/∂y²): sống núi dương, thung lũng âm, mặt phẳng bằng không.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Data:&lt;/b&gt; a date without a value takes the last value before it and is no target. Cells that lack more than a quarter of the dates are left out. Dates at which nothing was measured (&lt;code&gt;SUBSIDENCE_GAP=yes&lt;/code&gt;) are neither targets nor origins of forecasts. The days between the dates are an input, so irregular series work.</source>
        <translation>&lt;b&gt;Dữ liệu:&lt;/b&gt; ngày không có giá trị lấy giá trị cuối cùng trước đó và không phải là mục tiêu dự báo. Các ô thiếu hơn một phần tư số ngày bị bỏ qua. Những ngày không có đo đạc nào (&lt;code&gt;SUBSIDENCE_GAP=yes&lt;/code&gt;) không làm mục tiêu cũng không làm ngày gốc của dự báo. Số ngày giữa các mốc là một đầu vào, nên chuỗi không đều vẫn dùng được.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Dates:&lt;/b&gt; the first future date lies gap + 1 typical steps (the median of the stack) after the last date. With a past date of origin the forecast is made as if nothing after it were known, and its dates are those of the stack. The log warns where the forecaster was trained or calibrated on these dates, and where the origin lies in a gap.</source>
        <translation>&lt;b&gt;Các ngày:&lt;/b&gt; ngày tương lai đầu tiên nằm sau ngày cuối (khoảng trống + 1) bước điển hình (trung vị của chồng lớp). Với ngày gốc trong quá khứ, dự báo được lập như thể không biết gì về sau ngày đó, và các ngày dự báo là ngày của chồng lớp. Nhật ký cảnh báo khi mô hình dự báo đã được huấn luyện hoặc hiệu chuẩn trên các ngày này và khi ngày gốc rơi vào khoảng trống.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Error:&lt;/b&gt; points are predicted from the others. The log and the report tell the error beside that of the nearest point alone and that of the mean of all points. It holds where a cell is about as close to points as they are to each other; cells farther away are worse.</source>
        <translation>&lt;b&gt;Sai số:&lt;/b&gt; một số điểm được dự đoán từ các điểm còn lại. Nhật ký và báo cáo nêu sai số này cùng với sai số khi chỉ dùng điểm gần nhất và khi dùng trung bình mọi điểm. Sai số này đúng khi ô cách các điểm gần bằng khoảng cách giữa các điểm với nhau; các ô xa hơn thì kém hơn.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Frequency ratio&lt;/b&gt;: continuous factors are cut into quantile classes of the training rows. The ratio of a class is its share of the subsidence rows divided by its share of all training rows. A logistic regression turns the mean of a row&apos;s ratios into a probability. The Hanoi paper uses frequency ratios to check its map, not as a model.</source>
        <translation>&lt;b&gt;Tỷ số tần suất&lt;/b&gt;: các yếu tố liên tục được chia thành các cấp phân vị theo dòng huấn luyện. Tỷ số của một cấp là tỷ lệ của cấp đó trong các dòng sụt lún chia cho tỷ lệ của nó trong tất cả các dòng huấn luyện. Hồi quy logistic chuyển trung bình các tỷ số của một dòng thành xác suất. Bài báo về Hà Nội dùng tỷ số tần suất để kiểm tra bản đồ, không dùng làm mô hình.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Grid&lt;/b&gt;: that of the reference raster, or CRS, cell size and extent as given. What is not given comes from the first raster; the extent is then the part that all rasters have in common, in whole cells.</source>
        <translation>&lt;b&gt;Lưới&lt;/b&gt;: lưới của raster tham chiếu, hoặc hệ tọa độ, kích thước ô và phạm vi như đã cho. Những gì không cho được lấy từ raster đầu tiên; khi đó phạm vi là phần chung của mọi raster, tính theo số ô nguyên.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Intervals:&lt;/b&gt; errors on the validation dates calibrate the prediction intervals of &lt;i&gt;Forecast deformation&lt;/i&gt; (split conformal prediction). The report tells how many test values lie inside.</source>
        <translation>&lt;b&gt;Khoảng dự báo:&lt;/b&gt; sai số trên các ngày kiểm định dùng để hiệu chuẩn khoảng dự báo của &lt;i&gt;Dự báo biến dạng&lt;/i&gt; (split conformal prediction). Báo cáo cho biết bao nhiêu giá trị kiểm tra nằm bên trong.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Is it any good?&lt;/b&gt; The same values are forecast by simple forecasts: persistence, the mean of the last dates, lines with and without an annual wave, a line through the window, and a pooled ridge regression on differences. Skill is 1 − RMSE / RMSE of the best of them. Report and log begin with it, also where it is negative. On many series simple regressions are hard to beat.</source>
        <translation>&lt;b&gt;Mô hình có tốt không?&lt;/b&gt; Cùng những giá trị đó được dự báo bằng các dự báo đơn giản: giữ nguyên giá trị cuối (persistence), trung bình các ngày cuối, đường thẳng có và không có dao động năm, đường thẳng qua cửa sổ, và hồi quy ridge gộp trên các sai phân. Độ cải thiện (skill) là 1 − RMSE / RMSE của dự báo tốt nhất trong số đó. Báo cáo và nhật ký mở đầu bằng giá trị này, kể cả khi âm. Với nhiều chuỗi, các hồi quy đơn giản rất khó vượt qua.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Limits of classes&lt;/b&gt;: class i holds the values above break i − 1 up to and including break i; the lowest class includes the minimum. Where rules are applied to another raster, values beyond their range go to the end classes and are counted in the log. Unique values that the rules do not list become nodata.</source>
        <translation>&lt;b&gt;Giới hạn của các cấp&lt;/b&gt;: cấp i chứa các giá trị lớn hơn ngưỡng i − 1 và không quá ngưỡng i; cấp thấp nhất bao gồm cả giá trị nhỏ nhất. Khi áp dụng quy tắc cho raster khác, các giá trị vượt khoảng được xếp vào cấp đầu hoặc cấp cuối và được đếm trong nhật ký. Các giá trị duy nhất không có trong quy tắc trở thành nodata.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Maps:&lt;/b&gt; a signed residual is predicted minus observed. Red is too high (too little subsidence), blue too low. Hotspots are cells whose neighbourhood has larger errors than chance would give it (Getis–Ord Gi* with the correction of Benjamini and Hochberg).</source>
        <translation>&lt;b&gt;Bản đồ:&lt;/b&gt; phần dư có dấu là giá trị dự báo trừ giá trị quan trắc. Màu đỏ là quá cao (quá ít sụt lún), màu xanh lam là quá thấp. Điểm nóng là các ô có vùng lân cận mang sai số lớn hơn mức ngẫu nhiên (Getis–Ord Gi* với hiệu chỉnh Benjamini và Hochberg).</translation>
    </message>
    <message>
        <source>&lt;b&gt;Matching:&lt;/b&gt; all rasters need the same grid. Bands are matched by their dates. Dates that only one side has are left out, and so are observed bands in gaps without acquisition. A single band without a date is compared with the last observed band, or with that of DATE. Several forecasts are compared at the dates and cells that all of them have.</source>
        <translation>&lt;b&gt;Ghép cặp:&lt;/b&gt; mọi raster phải có cùng lưới. Các kênh được ghép theo ngày. Những ngày chỉ có ở một bên bị bỏ qua, cũng như các kênh quan trắc nằm trong khoảng trống không có ảnh chụp. Một kênh đơn không có ngày được so với kênh quan trắc cuối cùng, hoặc với kênh của DATE. Nhiều dự báo được so sánh tại các ngày và các ô mà tất cả đều có.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Memory&lt;/b&gt;: the TWI holds the whole DEM, 17 bytes a cell (0.3 GB for 4000 × 4000 cells, 1.7 GB for 10,000 × 10,000), and needs the Python package numba. The other factors are computed tile by tile and need neither.</source>
        <translation>&lt;b&gt;Bộ nhớ&lt;/b&gt;: TWI giữ toàn bộ DEM trong bộ nhớ, 17 byte mỗi ô (0.3 GB với 4000 × 4000 ô, 1.7 GB với 10 000 × 10 000 ô), và cần gói Python numba. Các yếu tố khác được tính theo từng mảnh và không cần cả hai điều này.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Names&lt;/b&gt;: a factor is called as its band&apos;s description, else as the layer, else as the file. Names must differ in more than upper and lower case. Names that vector formats reserve, such as &lt;i&gt;fid&lt;/i&gt; and &lt;i&gt;geom&lt;/i&gt;, are refused.</source>
        <translation>&lt;b&gt;Tên&lt;/b&gt;: yếu tố được đặt tên theo mô tả của kênh, nếu không thì theo lớp, nếu không nữa thì theo tệp. Các tên phải khác nhau không chỉ ở chữ hoa, chữ thường. Những tên mà định dạng vector dành riêng, như &lt;i&gt;fid&lt;/i&gt; và &lt;i&gt;geom&lt;/i&gt;, bị từ chối.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Natural breaks (Jenks)&lt;/b&gt; are the classes of least variance within, found on all cells: up to 10,000 values by the package jenkspy, above by exact dynamic programming on up to 65,536 bins, refined on the values.</source>
        <translation>&lt;b&gt;Ngưỡng tự nhiên (Jenks)&lt;/b&gt; là cách chia cấp có phương sai bên trong nhỏ nhất, tìm trên mọi ô: đến 10 000 giá trị bằng gói jenkspy, nhiều hơn thì bằng quy hoạch động chính xác trên tối đa 65 536 khoảng, sau đó tinh chỉnh trên các giá trị.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Plugins ▸ Land subsidence ▸ Inspect panel&lt;/b&gt;: click on the map to see what the layers say of that place. {project} makes a project with a print layout of the results.</source>
        <translation>&lt;b&gt;Các phần mở rộng ▸ Land subsidence ▸ Bảng tra cứu&lt;/b&gt;: nhấp vào bản đồ để xem các lớp cho biết gì về vị trí đó. {project} tạo dự án kèm trang in cho các kết quả.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Points:&lt;/b&gt; a point takes the forecast of the cells around it (bilinear) plus its mean difference from the surface over the window. Fields from the origin back are those of the InSAR points, later ones are the forecast, so viewers of InSAR series draw both as one curve; the layer metadata &lt;code&gt;FORECAST_FIELDS&lt;/code&gt; list the forecast. A GCN trained on points forecasts the points themselves, and the rasters are gridded from them as the stack was.</source>
        <translation>&lt;b&gt;Các điểm:&lt;/b&gt; một điểm lấy dự báo của các ô xung quanh (song tuyến tính) cộng với chênh lệch trung bình của nó so với bề mặt trong cửa sổ. Các trường từ ngày gốc trở về trước là của điểm InSAR, các trường sau đó là dự báo, nên các công cụ xem chuỗi InSAR vẽ cả hai thành một đường; siêu dữ liệu &lt;code&gt;FORECAST_FIELDS&lt;/code&gt; của lớp liệt kê phần dự báo. GCN huấn luyện trên điểm dự báo cho chính các điểm, và các raster được nội suy từ đó như cách đã tạo chồng lớp.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Points:&lt;/b&gt; the gridded surface has another level than a point in it. Where the stack has a date before the forecast, the change since then is compared on both sides, so that this offset drops out.</source>
        <translation>&lt;b&gt;Các điểm:&lt;/b&gt; bề mặt nội suy lưới có mức khác với một điểm nằm trong đó. Nếu chồng lớp có một ngày trước dự báo, thay đổi kể từ ngày ấy được so sánh ở cả hai bên, nên độ lệch này được triệt tiêu.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Polygons&lt;/b&gt; give a cell the value at its centre. Texts get the codes 1, 2, … in alphabetical order; the legend is kept in the band&apos;s metadata (item &lt;i&gt;legend&lt;/i&gt;) and in the legend table.</source>
        <translation>&lt;b&gt;Vùng (polygon)&lt;/b&gt; cho ô giá trị tại tâm của ô. Văn bản nhận các mã 1, 2, … theo thứ tự bảng chữ cái; chú giải được giữ trong siêu dữ liệu của kênh (mục &lt;i&gt;legend&lt;/i&gt;) và trong bảng chú giải.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Quantile&lt;/b&gt; makes classes of equal numbers of cells, &lt;b&gt;equal interval&lt;/b&gt; classes of equal width. &lt;b&gt;Standard deviation&lt;/b&gt; makes classes one deviation wide, centred on the mean. Quantile and standard deviation give fewer classes where breaks coincide or lie outside the values.</source>
        <translation>&lt;b&gt;Phân vị&lt;/b&gt; tạo các cấp có số ô bằng nhau, &lt;b&gt;khoảng bằng nhau&lt;/b&gt; tạo các cấp có độ rộng bằng nhau. &lt;b&gt;Độ lệch chuẩn&lt;/b&gt; tạo các cấp rộng một độ lệch, đặt quanh giá trị trung bình. Phân vị và độ lệch chuẩn cho ít cấp hơn khi các ngưỡng trùng nhau hoặc nằm ngoài các giá trị.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Report:&lt;/b&gt; bias, MAE, RMSE, R², skill against persistence, standard deviation, skewness, excess kurtosis, the Jarque–Bera test, the Q–Q plot with the normal line, an ordinary and a robust (Theil–Sen) line, quantiles from 1 to 99 %, Moran&apos;s I and the area of the hotspots.</source>
        <translation>&lt;b&gt;Báo cáo:&lt;/b&gt; sai số hệ thống (bias), MAE, RMSE, R², độ cải thiện (skill) so với dự báo giữ nguyên giá trị cuối (persistence), độ lệch chuẩn, độ bất đối xứng, độ nhọn dư, kiểm định Jarque–Bera, biểu đồ Q–Q với đường chuẩn, đường hồi quy thông thường và đường hồi quy bền vững (Theil–Sen), phân vị từ 1 đến 99 %, chỉ số Moran I và diện tích các điểm nóng.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Resampling&lt;/b&gt;: categorical factors take the nearest cell. Continuous factors are averaged where the new cells are at least twice as wide as the old ones, and interpolated bilinearly otherwise. A raster that has the grid already is copied as it is. Nodata becomes NaN.</source>
        <translation>&lt;b&gt;Lấy mẫu lại&lt;/b&gt;: yếu tố phân loại lấy ô gần nhất. Yếu tố liên tục được lấy trung bình nếu ô mới rộng ít nhất gấp đôi ô cũ, ngược lại được nội suy song tuyến tính. Raster đã có sẵn đúng lưới được sao chép nguyên trạng. Nodata trở thành NaN.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Rules&lt;/b&gt; are JSON by factor name: &lt;code&gt;&amp;#123;&quot;slope&quot;: &amp;#123;&quot;method&quot;: &quot;manual&quot;, &quot;breaks&quot;: [5, 15]&amp;#125;, &quot;rain&quot;: &amp;#123;&quot;method&quot;: &quot;quantile&quot;, &quot;classes&quot;: 4&amp;#125;, &quot;curvature&quot;: &quot;stdev&quot;&amp;#125;&lt;/code&gt;. The method is one of jenks, quantile, equal, stdev, manual, aspect and unique; labels may be given too. Rules with breaks or values are applied as they are.</source>
        <translation>&lt;b&gt;Quy tắc&lt;/b&gt; là JSON theo tên yếu tố: &lt;code&gt;&amp;#123;&quot;slope&quot;: &amp;#123;&quot;method&quot;: &quot;manual&quot;, &quot;breaks&quot;: [5, 15]&amp;#125;, &quot;rain&quot;: &amp;#123;&quot;method&quot;: &quot;quantile&quot;, &quot;classes&quot;: 4&amp;#125;, &quot;curvature&quot;: &quot;stdev&quot;&amp;#125;&lt;/code&gt;. Phương pháp là một trong jenks, quantile, equal, stdev, manual, aspect và unique; cũng có thể cho nhãn. Quy tắc có ngưỡng hoặc giá trị được áp dụng nguyên trạng.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Significance&lt;/b&gt; assumes independent rows, but neighbouring places are alike. With thousands of rows nearly every pair gets three stars: judge by the size of the coefficient. The default threshold of 0.7 follows Dormann et al. (2013).</source>
        <translation>&lt;b&gt;Ý nghĩa thống kê&lt;/b&gt; giả định các dòng độc lập, nhưng những nơi gần nhau lại giống nhau. Với hàng nghìn dòng, gần như cặp nào cũng được ba sao: nên xét theo độ lớn của hệ số. Ngưỡng mặc định 0.7 theo Dormann và nnk. (2013).</translation>
    </message>
    <message>
        <source>&lt;b&gt;Slope&lt;/b&gt; (degrees) and &lt;b&gt;aspect&lt;/b&gt; (degrees clockwise from north; flat cells are −1 and stay valid) follow Horn (1981), as in gdaldem and ArcGIS. A neighbour that is missing at the edge or beside nodata is extrapolated along a straight line, so that no cell with elevation is lost.</source>
        <translation>&lt;b&gt;Độ dốc&lt;/b&gt; (độ) và &lt;b&gt;hướng sườn&lt;/b&gt; (độ, theo chiều kim đồng hồ từ hướng bắc; ô bằng phẳng là −1 và vẫn hợp lệ) tính theo Horn (1981), như trong gdaldem và ArcGIS. Ô lân cận bị thiếu ở mép hoặc cạnh nodata được ngoại suy theo đường thẳng, nên không mất ô nào có độ cao.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Split in time:&lt;/b&gt; with the default shares the first 80 % of the dates train, the next 10 % validate and the last 10 % test. Mean and standard deviation of the training dates scale the data. The variant &lt;i&gt;Last map&lt;/i&gt; starts from a pooled linear regression. The pass with the lowest validation loss is kept, which may be this start itself.</source>
        <translation>&lt;b&gt;Chia theo thời gian:&lt;/b&gt; với các tỷ lệ mặc định, 80 % số ngày đầu dùng để huấn luyện, 10 % tiếp theo để kiểm định và 10 % cuối để kiểm tra. Trung bình và độ lệch chuẩn của các ngày huấn luyện dùng để chuẩn hóa dữ liệu. Biến thể &lt;i&gt;Bản đồ cuối&lt;/i&gt; xuất phát từ một hồi quy tuyến tính gộp. Lượt có hàm mất mát kiểm định thấp nhất được giữ lại, có thể chính là điểm xuất phát này.</translation>
    </message>
    <message>
        <source>&lt;b&gt;TWI&lt;/b&gt; is ln(a / tan slope), where a is the specific catchment area (m²/m). Depressions are filled by priority flood (Barnes et al. 2014). Water spreads to all lower neighbours (multiple flow direction, Freeman 1991), crosses flats towards their nearest way out, and leaves at the edge of the DEM and into nodata.</source>
        <translation>&lt;b&gt;TWI&lt;/b&gt; là ln(a / tan độ dốc), trong đó a là diện tích lưu vực riêng (m²/m). Vùng trũng được lấp bằng thuật toán priority flood (Barnes và nnk. 2014). Nước lan tới mọi ô lân cận thấp hơn (dòng chảy đa hướng, Freeman 1991), chảy qua vùng bằng phẳng về phía lối thoát gần nhất, và thoát ra ở mép DEM và vào nodata.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Time:&lt;/b&gt; without STEP the bands are the dates of the layer, however irregular. With STEP they are equally spaced from the first date on, and values between two acquisitions are interpolated linearly at each point.</source>
        <translation>&lt;b&gt;Thời gian:&lt;/b&gt; không dùng STEP thì các kênh là các ngày của lớp, dù không đều. Dùng STEP thì chúng cách đều nhau kể từ ngày đầu tiên, và giá trị giữa hai lần chụp được nội suy tuyến tính tại từng điểm.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Uncertainty:&lt;/b&gt; the spread tells how far the members disagree. LOWER and UPPER bound a prediction interval: in training, the errors on the validation dates were divided by the noise of their series; a quantile of this ratio, times the noise of a cell&apos;s own series, is half the width at each step.</source>
        <translation>&lt;b&gt;Độ bất định:&lt;/b&gt; độ phân tán cho biết các thành viên khác nhau bao nhiêu. LOWER và UPPER giới hạn một khoảng dự báo: khi huấn luyện, sai số trên các ngày kiểm định được chia cho độ nhiễu của chuỗi tương ứng; một phân vị của tỷ số này, nhân với độ nhiễu của chuỗi tại ô, là nửa độ rộng ở mỗi bước.</translation>
    </message>
    <message>
        <source>&lt;b&gt;VIF&lt;/b&gt; above 5 is often called high. Above 10, which is a tolerance below 0.1, the factor repeats the others. The VIF is empty where a factor is an exact combination of others.</source>
        <translation>&lt;b&gt;VIF&lt;/b&gt; trên 5 thường được coi là cao. Trên 10, tức độ dung sai dưới 0.1, yếu tố lặp lại thông tin của các yếu tố khác. VIF để trống khi yếu tố là tổ hợp chính xác của các yếu tố khác.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Values:&lt;/b&gt; a cell takes the nearest points around its centre, weighted by inverse distance as GDAL&apos;s &lt;code&gt;invdistnn&lt;/code&gt; does. A point exactly on a centre gives its own value. A point that has no value at a date leaves its weight to the others.</source>
        <translation>&lt;b&gt;Giá trị:&lt;/b&gt; một ô lấy các điểm gần nhất quanh tâm ô, với trọng số nghịch đảo khoảng cách như &lt;code&gt;invdistnn&lt;/code&gt; của GDAL. Điểm nằm đúng tâm ô cho chính giá trị của nó. Điểm không có giá trị tại một ngày nhường trọng số cho các điểm khác.</translation>
    </message>
    <message>
        <source>&lt;b&gt;Which method&lt;/b&gt;: the chosen one for continuous bands, unique values for categorical bands. A band called &lt;i&gt;aspect&lt;/i&gt; gets nine classes: flat (negative values), then the eight directions clockwise from north. Rules override each by the factor&apos;s name.</source>
        <translation>&lt;b&gt;Phương pháp nào&lt;/b&gt;: phương pháp đã chọn cho các kênh liên tục, giá trị duy nhất cho các kênh phân loại. Kênh có tên &lt;i&gt;aspect&lt;/i&gt; được chia chín cấp: bằng phẳng (giá trị âm), rồi tám hướng theo chiều kim đồng hồ từ hướng bắc. Quy tắc thay thế từng lựa chọn này theo tên yếu tố.</translation>
    </message>
    <message>
        <source>&lt;ul&gt;&lt;li&gt;1: robust high (P and low spread); intervene first&lt;/li&gt;&lt;li&gt;2: unstable high (P and U); verify in the field before building&lt;/li&gt;&lt;li&gt;3: R and U; dense monitoring (GNSS, corner reflectors)&lt;/li&gt;&lt;li&gt;4: P and R; densify monitoring and verify&lt;/li&gt;&lt;li&gt;5: U or P without R; densify and recalibrate thresholds&lt;/li&gt;&lt;li&gt;6: R without U; model bias, check the data&lt;/li&gt;&lt;li&gt;7: none of these; routine inspection at low frequency&lt;/li&gt;&lt;/ul&gt;</source>
        <translation>&lt;ul&gt;&lt;li&gt;1: cao và chắc chắn (P và độ phân tán thấp); can thiệp trước tiên&lt;/li&gt;&lt;li&gt;2: cao nhưng không ổn định (P và U); kiểm chứng tại thực địa trước khi xây dựng&lt;/li&gt;&lt;li&gt;3: R và U; quan trắc dày (GNSS, bộ phản xạ góc)&lt;/li&gt;&lt;li&gt;4: P và R; tăng mật độ quan trắc và kiểm chứng&lt;/li&gt;&lt;li&gt;5: U hoặc P, không có R; tăng mật độ quan trắc và hiệu chỉnh lại ngưỡng&lt;/li&gt;&lt;li&gt;6: R, không có U; sai lệch mô hình, kiểm tra dữ liệu&lt;/li&gt;&lt;li&gt;7: không thuộc các trường hợp trên; kiểm tra thường lệ tần suất thấp&lt;/li&gt;&lt;/ul&gt;</translation>
    </message>
    <message>
        <source>&lt;ul&gt;&lt;li&gt;NDVI = (NIR − Red) / (NIR + Red): vegetation (Rouse et al. 1974).&lt;/li&gt;&lt;li&gt;NDWI = (Green − NIR) / (Green + NIR): open water (McFeeters 1996).&lt;/li&gt;&lt;li&gt;NDBI = (SWIR1 − NIR) / (SWIR1 + NIR): built-up and bare land (Zha et al. 2003).&lt;/li&gt;&lt;li&gt;MNDWI = (Green − SWIR1) / (Green + SWIR1): water beside buildings (Xu 2006).&lt;/li&gt;&lt;li&gt;SAVI = 1.5 (NIR − Red) / (NIR + Red + 0.5): vegetation over bright soil (Huete 1988).&lt;/li&gt;&lt;/ul&gt;</source>
        <translation>&lt;ul&gt;&lt;li&gt;NDVI = (NIR − Red) / (NIR + Red): thực vật (Rouse và nnk. 1974).&lt;/li&gt;&lt;li&gt;NDWI = (Green − NIR) / (Green + NIR): mặt nước thoáng (McFeeters 1996).&lt;/li&gt;&lt;li&gt;NDBI = (SWIR1 − NIR) / (SWIR1 + NIR): đất xây dựng và đất trống (Zha và nnk. 2003).&lt;/li&gt;&lt;li&gt;MNDWI = (Green − SWIR1) / (Green + SWIR1): mặt nước cạnh công trình (Xu 2006).&lt;/li&gt;&lt;li&gt;SAVI = 1.5 (NIR − Red) / (NIR + Red + 0.5): thực vật trên nền đất sáng (Huete 1988).&lt;/li&gt;&lt;/ul&gt;</translation>
    </message>
    <message>
        <source>A .safetensors file written by one of the training algorithms.</source>
        <translation>Tệp .safetensors do một trong các thuật toán huấn luyện ghi ra.</translation>
    </message>
    <message>
        <source>A DEM in whole metres makes a plain a staircase of flats, over which the TWI means little: smooth it first.</source>
        <translation>DEM làm tròn đến mét biến đồng bằng thành các bậc thang phẳng, trên đó TWI ít ý nghĩa: cần làm trơn trước.</translation>
    </message>
    <message>
        <source>A JSON file, such as one saved by RULES_OUTPUT, or the JSON text itself. Empty: all factors follow the method above.</source>
        <translation>Tệp JSON, chẳng hạn tệp do RULES_OUTPUT lưu, hoặc chính văn bản JSON. Để trống: mọi yếu tố theo phương pháp ở trên.</translation>
    </message>
    <message>
        <source>A band without any acquisition within half a step to either side holds nothing that was measured. It is marked with &lt;code&gt;SUBSIDENCE_GAP=yes&lt;/code&gt; in its metadata and listed in &lt;code&gt;GAP_BANDS&lt;/code&gt;. In a gap longer than MAX_GAP such a band is empty.</source>
        <translation>Kênh không có lần chụp nào trong phạm vi nửa bước về mỗi phía thì không chứa giá trị đo nào. Kênh này được đánh dấu &lt;code&gt;SUBSIDENCE_GAP=yes&lt;/code&gt; trong siêu dữ liệu và được liệt kê trong &lt;code&gt;GAP_BANDS&lt;/code&gt;. Trong khoảng trống dài hơn MAX_GAP, kênh như vậy để rỗng.</translation>
    </message>
    <message>
        <source>A cell takes at most so many of the nearest points. More give smoother maps.</source>
        <translation>Số điểm gần nhất tối đa mà một ô sử dụng. Nhiều hơn cho bản đồ trơn hơn.</translation>
    </message>
    <message>
        <source>A cell without a point within reach is nodata. The log and the report tell how many cells with a value contain no point: there the stack is interpolated.</source>
        <translation>Ô không có điểm nào trong tầm là nodata. Nhật ký và báo cáo cho biết bao nhiêu ô có giá trị mà không chứa điểm nào: ở đó chồng lớp là kết quả nội suy.</translation>
    </message>
    <message>
        <source>A model of several members gives the mean of their probabilities; on request also their standard deviation and each member.</source>
        <translation>Mô hình gồm nhiều thành viên cho trung bình xác suất của chúng; nếu cần, cho cả độ lệch chuẩn và từng thành viên.</translation>
    </message>
    <message>
        <source>A model recalibrated by &lt;i&gt;Validate models&lt;/i&gt; gives recalibrated probabilities, and the log says so. The mean is recalibrated as it stands; spread and members are recalibrated member by member.</source>
        <translation>Mô hình đã được &lt;i&gt;Kiểm định mô hình&lt;/i&gt; hiệu chuẩn lại cho xác suất đã hiệu chuẩn lại, và nhật ký ghi rõ điều này. Giá trị trung bình được hiệu chuẩn lại trực tiếp; độ phân tán và các thành viên được hiệu chuẩn lại theo từng thành viên.</translation>
    </message>
    <message>
        <source>A model trained on classes takes a class stack made by the same rules, or the factor stack, to which it applies its own rules.</source>
        <translation>Mô hình huấn luyện trên các cấp nhận chồng lớp phân cấp tạo theo cùng quy tắc, hoặc nhận chồng lớp yếu tố và tự áp dụng quy tắc của mình.</translation>
    </message>
    <message>
        <source>A pixel costs 2 × rows × (factors − 1) predictions, so the rasters take few of the background rows, evenly along their predictions. In a trial 10 rows gave the same dominant factor as 100 at about 95 % of the places; 20 cut the error by a third. Base and bands add up to the prediction with any number.</source>
        <translation>Mỗi điểm ảnh tốn 2 × số dòng × (số yếu tố − 1) dự đoán, nên các raster chỉ dùng một số ít dòng nền, lấy đều theo dự đoán của chúng. Trong một thử nghiệm, 10 dòng cho cùng yếu tố chi phối như 100 dòng ở khoảng 95 % số vị trí; 20 dòng giảm sai số một phần ba. Với số dòng bất kỳ, giá trị nền cộng với các kênh luôn bằng dự đoán.</translation>
    </message>
    <message>
        <source>A pixel without a value in any factor, or with a category that the model has not seen, becomes nodata. Values outside the range of the training rows are set to its ends and counted in the log.</source>
        <translation>Điểm ảnh thiếu giá trị ở bất kỳ yếu tố nào, hoặc thuộc loại mà mô hình chưa từng thấy, trở thành nodata. Giá trị ngoài khoảng của các dòng huấn luyện được đưa về hai đầu khoảng và được đếm trong nhật ký.</translation>
    </message>
    <message>
        <source>A place is not stable only because nothing was reported there. Points that are known to be stable, such as the stable points of &lt;i&gt;InSAR inventory&lt;/i&gt;, are the better choice: give them as candidates.</source>
        <translation>Một nơi không phải ổn định chỉ vì ở đó chưa ghi nhận gì. Những điểm đã biết là ổn định, như điểm ổn định của &lt;i&gt;Bản đồ hiện trạng từ InSAR&lt;/i&gt;, là lựa chọn tốt hơn: đưa chúng vào làm điểm ứng viên.</translation>
    </message>
    <message>
        <source>A point on the map instead of SAMPLE. With FACTORS the cell there is explained, else the nearest sample. Empty: the sample of SAMPLE.</source>
        <translation>Một điểm trên bản đồ thay cho SAMPLE. Nếu có FACTORS, ô tại đó được giải thích; nếu không, mẫu gần nhất. Để trống: mẫu của SAMPLE.</translation>
    </message>
    <message>
        <source>A point subsides when its velocity reaches the threshold: where that is negative, at this velocity or below; where it is positive, at this velocity or above, for products in which subsidence is positive.</source>
        <translation>Một điểm là sụt lún khi vận tốc đạt ngưỡng: nếu ngưỡng âm, vận tốc bằng hoặc nhỏ hơn ngưỡng; nếu ngưỡng dương, vận tốc bằng hoặc lớn hơn ngưỡng, dành cho các sản phẩm quy ước sụt lún mang dấu dương.</translation>
    </message>
    <message>
        <source>A random split gives each part the same share of both labels. Neighbouring points are alike, so that a random split flatters a model. Square blocks and k-means clusters keep neighbours together and tell how well a model does in places that it has not seen.</source>
        <translation>Cách chia ngẫu nhiên cho mỗi phần cùng tỷ lệ của hai nhãn. Các điểm lân cận giống nhau, nên cách chia ngẫu nhiên đánh giá mô hình quá lạc quan. Khối vuông và cụm k-means giữ các điểm lân cận ở cùng nhau và cho biết mô hình hoạt động ra sao ở những nơi chưa từng thấy.</translation>
    </message>
    <message>
        <source>A raster or vector layer, of which the log then says whether this very model made it: maps, forecasts and SHAP layers carry the id of their model. Empty compares nothing.</source>
        <translation>Lớp raster hoặc vector để nhật ký cho biết có phải chính mô hình này đã tạo ra hay không: bản đồ, dự báo và các lớp SHAP đều mang mã mô hình. Để trống thì không so sánh gì.</translation>
    </message>
    <message>
        <source>A ratio above 1 means more subsidence than on average. A good susceptibility map has ratios that rise with the class. The ratio is empty where a class has no area.</source>
        <translation>Tỷ số trên 1 nghĩa là sụt lún nhiều hơn trung bình. Bản đồ tính nhạy cảm tốt có tỷ số tăng theo cấp. Tỷ số để trống nếu cấp không có diện tích.</translation>
    </message>
    <message>
        <source>A satellite on a polar orbit hardly sees motion northwards. That motion is taken as zero, as in EGMS L3, or as the velocity of GNSS; the log says what its neglect would add.</source>
        <translation>Vệ tinh trên quỹ đạo cực hầu như không thấy chuyển động theo hướng bắc. Chuyển động này được coi bằng không, như trong EGMS L3, hoặc lấy theo vận tốc GNSS; nhật ký cho biết việc bỏ qua nó sẽ gây thêm sai lệch bao nhiêu.</translation>
    </message>
    <message>
        <source>A search that is cancelled loses only the running trials: run again with the same settings, it goes on where it stopped. Beside a file of trials, a folder with the suffix .networks keeps the best trained networks for a later run with more trials. With a database the best networks are trained again instead.</source>
        <translation>Khi hủy tìm kiếm, chỉ các lần thử đang chạy bị mất: chạy lại với cùng thiết lập thì việc tìm kiếm tiếp tục từ chỗ đã dừng. Bên cạnh tệp chứa các lần thử, một thư mục có đuôi .networks giữ các mạng huấn luyện tốt nhất cho lần chạy sau với nhiều lần thử hơn. Khi dùng cơ sở dữ liệu, các mạng tốt nhất được huấn luyện lại.</translation>
    </message>
    <message>
        <source>A share of the training rows is held out to find the best epoch. Validation and test rows decide nothing and are only reported. Loss and hold-out AUC are in the log while it trains; in the end it says how a logistic regression on the same rows does.</source>
        <translation>Một phần dòng huấn luyện được giữ lại để tìm epoch tốt nhất. Dòng kiểm định và dòng kiểm tra không quyết định gì, chỉ được báo cáo. Hàm mất mát và AUC trên phần giữ lại được ghi vào nhật ký trong khi huấn luyện; cuối cùng nhật ký cho biết hồi quy logistic trên cùng các dòng đạt kết quả thế nào.</translation>
    </message>
    <message>
        <source>A trained or tuned model: its architecture, hyperparameters and training settings are cross-validated instead of MODEL_TYPE&apos;s defaults, with its factors. Empty: MODEL_TYPE with its defaults.</source>
        <translation>Mô hình đã huấn luyện hoặc tinh chỉnh: kiến trúc, siêu tham số và thiết lập huấn luyện của nó được kiểm định chéo thay cho giá trị mặc định của MODEL_TYPE, với các yếu tố của mô hình. Để trống: MODEL_TYPE với giá trị mặc định.</translation>
    </message>
    <message>
        <source>A trial ends after this many passes over the training windows at the latest. More take longer.</source>
        <translation>Lần thử kết thúc muộn nhất sau bấy nhiêu lượt duyệt qua các cửa sổ huấn luyện. Nhiều lượt hơn thì lâu hơn.</translation>
    </message>
    <message>
        <source>A trial is one training. It is judged by the loss of its best pass on the validation dates: the mean over the steps of the mean square error, divided by that of the pooled linear regression from which the variant &lt;i&gt;Last map&lt;/i&gt; begins. The defaults and the simple forecasts are judged alike.</source>
        <translation>Mỗi lần thử là một lần huấn luyện. Nó được đánh giá bằng hàm mất mát của lượt tốt nhất trên các ngày kiểm định: trung bình theo các bước của sai số bình phương trung bình, chia cho sai số của hồi quy tuyến tính gộp mà biến thể &lt;i&gt;Bản đồ cuối&lt;/i&gt; xuất phát. Bộ giá trị mặc định và các dự báo đơn giản được đánh giá theo cùng cách.</translation>
    </message>
    <message>
        <source>A trial trains one set of values and is judged by training rows that it was not fitted on. Validation and test rows decide nothing.</source>
        <translation>Mỗi lần thử huấn luyện một bộ giá trị và được đánh giá trên các dòng huấn luyện không dùng để khớp. Dòng kiểm định và dòng kiểm tra không quyết định gì.</translation>
    </message>
    <message>
        <source>AUC of the best model</source>
        <translation>AUC của mô hình tốt nhất</translation>
    </message>
    <message>
        <source>Absence points are placed at random, every place being equally likely, inside a mask: the cells of a raster (best the factor stack itself) or polygons. They keep a distance from all subsidence and, if wanted, from each other.</source>
        <translation>Các điểm không sụt lún được đặt ngẫu nhiên, mọi nơi có khả năng như nhau, bên trong mặt nạ: các ô của một raster (tốt nhất là chính chồng lớp yếu tố) hoặc các vùng (polygon). Chúng giữ khoảng cách với mọi điểm sụt lún và, nếu muốn, với nhau.</translation>
    </message>
    <message>
        <source>Absence points lie inside these polygons; instead of a mask raster. Empty: none.</source>
        <translation>Các điểm không sụt lún nằm trong những vùng (polygon) này; dùng thay cho raster mặt nạ. Để trống: không có.</translation>
    </message>
    <message>
        <source>Absence points lie on cells with data in every band, at most one in a cell; in an 8-bit raster of one band 0 counts as outside. Best the factor stack or class stack. Without mask and candidates the bounding box of the inventory is taken.</source>
        <translation>Các điểm không sụt lún nằm trên các ô có dữ liệu ở mọi kênh, mỗi ô tối đa một điểm; với raster 8 bit một kênh, 0 được coi là bên ngoài. Tốt nhất là chồng lớp yếu tố hoặc chồng lớp phân cấp. Nếu không có mặt nạ và điểm ứng viên thì dùng khung bao của bản đồ hiện trạng.</translation>
    </message>
    <message>
        <source>Absence points per subsidence point</source>
        <translation>Số điểm không sụt lún trên mỗi điểm sụt lún</translation>
    </message>
    <message>
        <source>Add a probability raster of &apos;Predict susceptibility&apos; to the project to see what its prediction rests on.</source>
        <translation>Thêm raster xác suất của &apos;Dự đoán tính nhạy cảm&apos; vào dự án để xem dự đoán dựa trên điều gì.</translation>
    </message>
    <message>
        <source>Add the factor or class stack that the probability raster was made of.</source>
        <translation>Thêm chồng lớp yếu tố hoặc chồng lớp phân cấp đã dùng để tạo raster xác suất.</translation>
    </message>
    <message>
        <source>Added to the scaled value: -0.2 for Landsat Collection 2 Level 2, -0.1 for Sentinel-2 from January 2022 (baseline 04.00) on, 0 for Sentinel-2 before.</source>
        <translation>Cộng vào giá trị đã nhân hệ số tỷ lệ: -0.2 cho Landsat Collection 2 Level 2, -0.1 cho Sentinel-2 từ tháng 1 năm 2022 (baseline 04.00) trở đi, 0 cho Sentinel-2 trước đó.</translation>
    </message>
    <message>
        <source>Adds points without subsidence to an inventory of subsidence, because a model has to learn from both.</source>
        <translation>Thêm các điểm không sụt lún vào bản đồ hiện trạng sụt lún, vì mô hình phải học từ cả hai.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Absence points&lt;/i&gt;, with the stack of &lt;i&gt;Align factors&lt;/i&gt; or &lt;i&gt;Reclassify factors&lt;/i&gt;. Next: &lt;i&gt;Train DRDN&lt;/i&gt; and the other training algorithms, &lt;i&gt;Tune model&lt;/i&gt; or &lt;i&gt;Cross-validate&lt;/i&gt;.</source>
        <translation>Sau &lt;i&gt;Điểm không sụt lún&lt;/i&gt;, với chồng lớp của &lt;i&gt;Đồng nhất các yếu tố&lt;/i&gt; hoặc &lt;i&gt;Phân cấp lại các yếu tố&lt;/i&gt;. Tiếp theo: &lt;i&gt;Huấn luyện DRDN&lt;/i&gt; và các thuật toán huấn luyện khác, &lt;i&gt;Tinh chỉnh mô hình&lt;/i&gt; hoặc &lt;i&gt;Kiểm định chéo&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Align factors&lt;/i&gt; and &lt;i&gt;InSAR inventory&lt;/i&gt; (or with an inventory of your own), for a first map, or as a pattern for a workflow of your own in the Graphical Modeler. To choose or check single settings, run the algorithms one by one. Next: &lt;i&gt;Cross-validate&lt;/i&gt; and &lt;i&gt;Area of applicability&lt;/i&gt;.</source>
        <translation>Sau &lt;i&gt;Đồng nhất các yếu tố&lt;/i&gt; và &lt;i&gt;Bản đồ hiện trạng từ InSAR&lt;/i&gt; (hoặc với bản đồ hiện trạng riêng), để có bản đồ đầu tiên, hoặc làm mẫu cho quy trình riêng trong Trình thiết kế mô hình. Để chọn hoặc kiểm tra từng thiết lập, chạy lần lượt từng thuật toán. Tiếp theo: &lt;i&gt;Kiểm định chéo&lt;/i&gt; và &lt;i&gt;Vùng áp dụng của mô hình&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Align factors&lt;/i&gt;, to train on classes as the Hanoi paper does (natural breaks of Jenks for all continuous factors). Next: &lt;i&gt;Extract samples&lt;/i&gt;, &lt;i&gt;Frequency ratio&lt;/i&gt; (a table of every factor) and &lt;i&gt;Predict susceptibility&lt;/i&gt;.</source>
        <translation>Sau &lt;i&gt;Đồng nhất các yếu tố&lt;/i&gt;, để huấn luyện trên các cấp như bài báo về Hà Nội (ngưỡng tự nhiên Jenks cho mọi yếu tố liên tục). Tiếp theo: &lt;i&gt;Trích xuất mẫu&lt;/i&gt;, &lt;i&gt;Tỷ số tần suất&lt;/i&gt; (bảng của từng yếu tố) và &lt;i&gt;Dự đoán tính nhạy cảm&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Classify susceptibility&lt;/i&gt;, to judge a map; or after &lt;i&gt;Reclassify factors&lt;/i&gt;, to see which classes of each factor hold the subsidence.</source>
        <translation>Sau &lt;i&gt;Phân cấp tính nhạy cảm&lt;/i&gt;, để đánh giá bản đồ; hoặc sau &lt;i&gt;Phân cấp lại các yếu tố&lt;/i&gt;, để xem cấp nào của từng yếu tố chứa sụt lún.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Ensemble uncertainty&lt;/i&gt; and &lt;i&gt;Residuals of forecasts&lt;/i&gt;, to decide where to measure, verify or intervene first. Next: &lt;i&gt;Map project with print layout&lt;/i&gt;.</source>
        <translation>Sau &lt;i&gt;Độ bất định của tổ hợp&lt;/i&gt; và &lt;i&gt;Phần dư của dự báo&lt;/i&gt;, để quyết định nơi cần đo đạc, kiểm chứng hoặc can thiệp trước. Tiếp theo: &lt;i&gt;Dự án bản đồ kèm trang in&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Extract samples&lt;/i&gt;, before a map is trusted, or after &lt;i&gt;Tune model&lt;/i&gt;, to judge the tuned recipe. Next: &lt;i&gt;Compare repeated runs&lt;/i&gt; with the runs table, &lt;i&gt;Area of applicability&lt;/i&gt; with the fold map.</source>
        <translation>Sau &lt;i&gt;Trích xuất mẫu&lt;/i&gt;, trước khi tin vào một bản đồ, hoặc sau &lt;i&gt;Tinh chỉnh mô hình&lt;/i&gt;, để đánh giá cấu hình đã tinh chỉnh. Tiếp theo: &lt;i&gt;So sánh các lần chạy lặp&lt;/i&gt; với bảng các lần chạy, &lt;i&gt;Vùng áp dụng của mô hình&lt;/i&gt; với bản đồ các phần (fold).</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Extract samples&lt;/i&gt;, beside &lt;i&gt;Train baseline&lt;/i&gt;, which a network has to beat. Next: &lt;i&gt;Validate models&lt;/i&gt; and &lt;i&gt;Predict susceptibility&lt;/i&gt;. Where the result disappoints: &lt;i&gt;Tune model&lt;/i&gt;. How it does on unseen places: &lt;i&gt;Cross-validate&lt;/i&gt;.</source>
        <translation>Sau &lt;i&gt;Trích xuất mẫu&lt;/i&gt;, cùng với &lt;i&gt;Huấn luyện mô hình đối chứng&lt;/i&gt; mà mạng phải vượt qua. Tiếp theo: &lt;i&gt;Kiểm định mô hình&lt;/i&gt; và &lt;i&gt;Dự đoán tính nhạy cảm&lt;/i&gt;. Nếu kết quả chưa đạt: &lt;i&gt;Tinh chỉnh mô hình&lt;/i&gt;. Để biết kết quả ở những nơi chưa từng thấy: &lt;i&gt;Kiểm định chéo&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Extract samples&lt;/i&gt;, beside every network: on few samples, or on places that it has not seen, the simple model is often the better one. Next: &lt;i&gt;Validate models&lt;/i&gt;, which compares them, &lt;i&gt;Cross-validate&lt;/i&gt; and &lt;i&gt;Predict susceptibility&lt;/i&gt;.</source>
        <translation>Sau &lt;i&gt;Trích xuất mẫu&lt;/i&gt;, cùng với mọi mạng: khi có ít mẫu, hoặc ở những nơi chưa từng thấy, mô hình đơn giản thường tốt hơn. Tiếp theo: &lt;i&gt;Kiểm định mô hình&lt;/i&gt; để so sánh chúng, &lt;i&gt;Kiểm định chéo&lt;/i&gt; và &lt;i&gt;Dự đoán tính nhạy cảm&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Extract samples&lt;/i&gt;, where the defaults of &lt;i&gt;Train DRDN&lt;/i&gt; or another training algorithm disappoint, or where a comparison of models must not be one of their settings. Next: &lt;i&gt;Cross-validate&lt;/i&gt; with the tuned model file, &lt;i&gt;Validate models&lt;/i&gt;, &lt;i&gt;Predict susceptibility&lt;/i&gt;.</source>
        <translation>Sau &lt;i&gt;Trích xuất mẫu&lt;/i&gt;, khi giá trị mặc định của &lt;i&gt;Huấn luyện DRDN&lt;/i&gt; hoặc thuật toán huấn luyện khác chưa đạt, hoặc khi việc so sánh các mô hình không được phép chỉ là so sánh thiết lập của chúng. Tiếp theo: &lt;i&gt;Kiểm định chéo&lt;/i&gt; với tệp mô hình đã tinh chỉnh, &lt;i&gt;Kiểm định mô hình&lt;/i&gt;, &lt;i&gt;Dự đoán tính nhạy cảm&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Forecast deformation&lt;/i&gt; from a past date of origin, whose future dates have been observed since. Next: &lt;i&gt;Monitoring priority&lt;/i&gt;, which takes the absolute residuals.</source>
        <translation>Sau &lt;i&gt;Dự báo biến dạng&lt;/i&gt; từ một ngày gốc trong quá khứ mà các ngày tương lai của nó nay đã được quan trắc. Tiếp theo: &lt;i&gt;Ưu tiên quan trắc&lt;/i&gt;, dùng phần dư tuyệt đối.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Grid InSAR deformation&lt;/i&gt;, where the defaults of &lt;i&gt;Train forecaster&lt;/i&gt; are not good enough, or where the spread of an ensemble is wanted: its members differ in their hyperparameters. Next: &lt;i&gt;Forecast deformation&lt;/i&gt;.</source>
        <translation>Sau &lt;i&gt;Nội suy lưới biến dạng InSAR&lt;/i&gt;, khi giá trị mặc định của &lt;i&gt;Huấn luyện mô hình dự báo&lt;/i&gt; chưa đủ tốt, hoặc khi cần độ phân tán của một tổ hợp: các thành viên khác nhau về siêu tham số. Tiếp theo: &lt;i&gt;Dự báo biến dạng&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Grid InSAR deformation&lt;/i&gt;; a GCN can read the InSAR points themselves. Next: &lt;i&gt;Forecast deformation&lt;/i&gt;. Where the defaults are not good enough, use &lt;i&gt;Tune forecaster&lt;/i&gt;.</source>
        <translation>Sau &lt;i&gt;Nội suy lưới biến dạng InSAR&lt;/i&gt;; GCN có thể đọc trực tiếp các điểm InSAR. Tiếp theo: &lt;i&gt;Dự báo biến dạng&lt;/i&gt;. Nếu giá trị mặc định chưa đủ tốt, dùng &lt;i&gt;Tinh chỉnh mô hình dự báo&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Import InSAR time series&lt;/i&gt; (vertical points) or &lt;i&gt;Decompose line of sight&lt;/i&gt;. Next: &lt;i&gt;Absence points&lt;/i&gt;, to which the stable points can be given as candidates.</source>
        <translation>Sau &lt;i&gt;Nhập chuỗi thời gian InSAR&lt;/i&gt; (điểm thẳng đứng) hoặc &lt;i&gt;Phân tách hướng nhìn&lt;/i&gt;. Tiếp theo: &lt;i&gt;Điểm không sụt lún&lt;/i&gt;, có thể nhận các điểm ổn định làm điểm ứng viên.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Import InSAR time series&lt;/i&gt; of two tracks, where no level 3 product of the European Ground Motion Service (EGMS) exists. Next, with the vertical points: &lt;i&gt;InSAR inventory&lt;/i&gt;, or &lt;i&gt;Grid InSAR deformation&lt;/i&gt; for a forecast.</source>
        <translation>Sau &lt;i&gt;Nhập chuỗi thời gian InSAR&lt;/i&gt; của hai quỹ đạo, khi không có sản phẩm mức 3 của Dịch vụ Chuyển động Mặt đất châu Âu (EGMS). Tiếp theo, với các điểm thẳng đứng: &lt;i&gt;Bản đồ hiện trạng từ InSAR&lt;/i&gt;, hoặc &lt;i&gt;Nội suy lưới biến dạng InSAR&lt;/i&gt; để dự báo.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Import InSAR time series&lt;/i&gt; or &lt;i&gt;Decompose line of sight&lt;/i&gt;; any other point layer with a numeric field for each date will do. Next: &lt;i&gt;Train forecaster&lt;/i&gt; or &lt;i&gt;Tune forecaster&lt;/i&gt;.</source>
        <translation>Sau &lt;i&gt;Nhập chuỗi thời gian InSAR&lt;/i&gt; hoặc &lt;i&gt;Phân tách hướng nhìn&lt;/i&gt;; mọi lớp điểm khác có một trường số cho mỗi ngày đều dùng được. Tiếp theo: &lt;i&gt;Huấn luyện mô hình dự báo&lt;/i&gt; hoặc &lt;i&gt;Tinh chỉnh mô hình dự báo&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;InSAR inventory&lt;/i&gt;, or with an inventory of your own, as points or polygons. Next: &lt;i&gt;Extract samples&lt;/i&gt;.</source>
        <translation>Sau &lt;i&gt;Bản đồ hiện trạng từ InSAR&lt;/i&gt;, hoặc với bản đồ hiện trạng riêng, dạng điểm hoặc vùng (polygon). Tiếp theo: &lt;i&gt;Trích xuất mẫu&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Predict susceptibility&lt;/i&gt;, before a map is handed on, above all when a model is applied to another area. The next step is &lt;i&gt;Map project with print layout&lt;/i&gt;.</source>
        <translation>Sau &lt;i&gt;Dự đoán tính nhạy cảm&lt;/i&gt;, trước khi bàn giao bản đồ, nhất là khi áp dụng mô hình cho khu vực khác. Bước tiếp theo là &lt;i&gt;Dự án bản đồ kèm trang in&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Train DRDN&lt;/i&gt; or another training algorithm, and after &lt;i&gt;Validate models&lt;/i&gt; or &lt;i&gt;Cross-validate&lt;/i&gt; has shown how far the model can be trusted. Next: &lt;i&gt;Classify susceptibility&lt;/i&gt;, then &lt;i&gt;Frequency ratio&lt;/i&gt;; &lt;i&gt;Area of applicability&lt;/i&gt; shows where the map goes beyond the samples.</source>
        <translation>Sau &lt;i&gt;Huấn luyện DRDN&lt;/i&gt; hoặc thuật toán huấn luyện khác, và sau khi &lt;i&gt;Kiểm định mô hình&lt;/i&gt; hoặc &lt;i&gt;Kiểm định chéo&lt;/i&gt; đã cho thấy có thể tin mô hình đến đâu. Tiếp theo: &lt;i&gt;Phân cấp tính nhạy cảm&lt;/i&gt;, rồi &lt;i&gt;Tỷ số tần suất&lt;/i&gt;; &lt;i&gt;Vùng áp dụng của mô hình&lt;/i&gt; cho biết nơi bản đồ vượt ra ngoài phạm vi của các mẫu.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Train forecaster&lt;/i&gt; or &lt;i&gt;Tune forecaster&lt;/i&gt;. Next: &lt;i&gt;Ensemble uncertainty&lt;/i&gt; on the members; a forecast from a past date of origin is what &lt;i&gt;Residuals of forecasts&lt;/i&gt; compares with the observations.</source>
        <translation>Sau &lt;i&gt;Huấn luyện mô hình dự báo&lt;/i&gt; hoặc &lt;i&gt;Tinh chỉnh mô hình dự báo&lt;/i&gt;. Tiếp theo: &lt;i&gt;Độ bất định của tổ hợp&lt;/i&gt; trên các thành viên; dự báo từ một ngày gốc trong quá khứ được &lt;i&gt;Phần dư của dự báo&lt;/i&gt; so sánh với quan trắc.</translation>
    </message>
    <message>
        <source>After &lt;i&gt;Validate models&lt;/i&gt;, with a model of any type: network, ensemble or baseline. It explains the model, and tells about the ground only as much as the model is right. Next: &lt;i&gt;Area of applicability&lt;/i&gt;.</source>
        <translation>Sau &lt;i&gt;Kiểm định mô hình&lt;/i&gt;, với mô hình thuộc bất kỳ loại nào: mạng, tổ hợp hoặc mô hình đối chứng. Công cụ giải thích mô hình, và chỉ nói lên thực tế trong chừng mực mô hình đúng. Tiếp theo: &lt;i&gt;Vùng áp dụng của mô hình&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>After installing the plugin, when an algorithm says that a package is missing, and before asking for help. Next: &lt;i&gt;Create example area&lt;/i&gt;, to try the plugin out.</source>
        <translation>Sau khi cài đặt plugin, khi một thuật toán báo thiếu gói, và trước khi nhờ trợ giúp. Tiếp theo: &lt;i&gt;Tạo khu vực ví dụ&lt;/i&gt;, để dùng thử plugin.</translation>
    </message>
    <message>
        <source>After the training algorithms, for example &lt;i&gt;Train DRDN&lt;/i&gt; and &lt;i&gt;Train baseline&lt;/i&gt;: give it the baselines as well as the networks. Next: &lt;i&gt;Predict susceptibility&lt;/i&gt; and &lt;i&gt;Explain model&lt;/i&gt; with the best model.</source>
        <translation>Sau các thuật toán huấn luyện, ví dụ &lt;i&gt;Huấn luyện DRDN&lt;/i&gt; và &lt;i&gt;Huấn luyện mô hình đối chứng&lt;/i&gt;: đưa vào cả mô hình đối chứng lẫn các mạng. Tiếp theo: &lt;i&gt;Dự đoán tính nhạy cảm&lt;/i&gt; và &lt;i&gt;Giải thích mô hình&lt;/i&gt; với mô hình tốt nhất.</translation>
    </message>
    <message>
        <source>After training or tuning with 5 to 10 repeats and the output RUNS, which &lt;i&gt;Tune model&lt;/i&gt;, &lt;i&gt;Tune forecaster&lt;/i&gt;, &lt;i&gt;Cross-validate&lt;/i&gt; and all training algorithms write. Next: &lt;i&gt;Predict susceptibility&lt;/i&gt; or &lt;i&gt;Forecast deformation&lt;/i&gt; with the better model.</source>
        <translation>Sau khi huấn luyện hoặc tinh chỉnh với 5 đến 10 lần lặp và đầu ra RUNS, do &lt;i&gt;Tinh chỉnh mô hình&lt;/i&gt;, &lt;i&gt;Tinh chỉnh mô hình dự báo&lt;/i&gt;, &lt;i&gt;Kiểm định chéo&lt;/i&gt; và mọi thuật toán huấn luyện ghi ra. Tiếp theo: &lt;i&gt;Dự đoán tính nhạy cảm&lt;/i&gt; hoặc &lt;i&gt;Dự báo biến dạng&lt;/i&gt; với mô hình tốt hơn.</translation>
    </message>
    <message>
        <source>All dates</source>
        <translation>Mọi ngày</translation>
    </message>
    <message>
        <source>All figures in the file as a table: model or baseline, part of the samples (or of the dates), metric and value.</source>
        <translation>Mọi số liệu trong tệp dưới dạng bảng: mô hình hoặc mô hình đối chứng, phần của lớp mẫu (hoặc của các ngày), chỉ số và giá trị.</translation>
    </message>
    <message>
        <source>An observation may be off the date of a forecast by so many days; the nearest is taken. With 0 only the very same date counts.</source>
        <translation>Quan trắc có thể lệch so với ngày dự báo tối đa bấy nhiêu ngày; lấy quan trắc gần nhất. Với 0, chỉ tính đúng ngày đó.</translation>
    </message>
    <message>
        <source>An output whose field is left empty is a temporary file, which QGIS deletes when it is closed: give a file name for what you want to keep. Maps are loaded with their style, which lies beside the file (.qml), so that they look the same when they are opened again.</source>
        <translation>Đầu ra có ô nhập để trống là tệp tạm, QGIS sẽ xóa khi đóng: đặt tên tệp cho những gì cần giữ lại. Bản đồ được nạp kèm kiểu hiển thị, lưu bên cạnh tệp (.qml), nên trông như cũ khi mở lại.</translation>
    </message>
    <message>
        <source>Angle between the vertical and the line of sight, for a layer without fields of the geometry. Give it together with the track angle: both take the place of the fields. Empty: the fields of the layer.</source>
        <translation>Góc giữa phương thẳng đứng và hướng nhìn, dành cho lớp không có các trường hình học. Phải cho cùng với góc hướng bay: cả hai thay cho các trường. Để trống: các trường của lớp.</translation>
    </message>
    <message>
        <source>Any other table with a header is read too: columns parted by comma, semicolon, tab or |, with coordinates and with dates named 20200103, D20200103 or 2020-01-03.</source>
        <translation>Mọi bảng khác có dòng tiêu đề cũng đọc được: các cột cách nhau bằng dấu phẩy, chấm phẩy, tab hoặc |, có tọa độ và có các ngày đặt tên dạng 20200103, D20200103 hoặc 2020-01-03.</translation>
    </message>
    <message>
        <source>Area from which points are read, in any CRS. Empty: all points.</source>
        <translation>Khu vực đọc các điểm, hệ tọa độ bất kỳ. Để trống: mọi điểm.</translation>
    </message>
    <message>
        <source>Area outside (km²)</source>
        <translation>Diện tích nằm ngoài (km²)</translation>
    </message>
    <message>
        <source>Area to cover, in any CRS. Empty: the extent that all rasters have in common.</source>
        <translation>Khu vực cần bao phủ, hệ tọa độ bất kỳ. Để trống: phạm vi chung của mọi raster.</translation>
    </message>
    <message>
        <source>Area to grid, in any CRS. Points just outside still count for the cells at the border. Empty: the area of all points.</source>
        <translation>Khu vực cần tạo lưới, hệ tọa độ bất kỳ. Các điểm nằm ngay bên ngoài vẫn được tính cho các ô ở biên. Để trống: khu vực của mọi điểm.</translation>
    </message>
    <message>
        <source>Around the forecast</source>
        <translation>Quanh dự báo</translation>
    </message>
    <message>
        <source>As in the paper: 2000 × 1500 cells, 230 MB, about a minute</source>
        <translation>Như trong bài báo: 2000 × 1500 ô, 230 MB, khoảng một phút</translation>
    </message>
    <message>
        <source>At the beginning of the susceptibility chain, where satellite bands are at hand; NDVI is one of the factors of the Hanoi paper. Next: &lt;i&gt;Align factors&lt;/i&gt;, with the other layers.</source>
        <translation>Ở đầu chuỗi đánh giá tính nhạy cảm, khi có sẵn các kênh vệ tinh; NDVI là một trong các yếu tố của bài báo về Hà Nội. Tiếp theo: &lt;i&gt;Đồng nhất các yếu tố&lt;/i&gt;, cùng với các lớp khác.</translation>
    </message>
    <message>
        <source>At the beginning, for inventories and for forecasts alike. Next: &lt;i&gt;InSAR inventory&lt;/i&gt; or &lt;i&gt;Grid InSAR deformation&lt;/i&gt;; line-of-sight series of two tracks go through &lt;i&gt;Decompose line of sight&lt;/i&gt; first.</source>
        <translation>Ở bước đầu, cho cả bản đồ hiện trạng lẫn dự báo. Tiếp theo: &lt;i&gt;Bản đồ hiện trạng từ InSAR&lt;/i&gt; hoặc &lt;i&gt;Nội suy lưới biến dạng InSAR&lt;/i&gt;; chuỗi theo hướng nhìn của hai quỹ đạo cần qua &lt;i&gt;Phân tách hướng nhìn&lt;/i&gt; trước.</translation>
    </message>
    <message>
        <source>At the beginning, when no data are at hand, and to check a method against a known answer. Next: &lt;i&gt;Reclassify factors&lt;/i&gt; and &lt;i&gt;Absence points&lt;/i&gt; for susceptibility, or &lt;i&gt;Grid InSAR deformation&lt;/i&gt; for forecasts.</source>
        <translation>Ở bước đầu, khi chưa có dữ liệu, và để kiểm tra một phương pháp với đáp án đã biết. Tiếp theo: &lt;i&gt;Phân cấp lại các yếu tố&lt;/i&gt; và &lt;i&gt;Điểm không sụt lún&lt;/i&gt; cho tính nhạy cảm, hoặc &lt;i&gt;Nội suy lưới biến dạng InSAR&lt;/i&gt; cho dự báo.</translation>
    </message>
    <message>
        <source>At the end of a study, to look at its results together, to hand them on or to print the map. It takes the outputs of any algorithm, for example of &lt;i&gt;Classify susceptibility&lt;/i&gt; or &lt;i&gt;Monitoring priority&lt;/i&gt;.</source>
        <translation>Ở cuối nghiên cứu, để xem các kết quả cùng nhau, bàn giao hoặc in bản đồ. Công cụ nhận đầu ra của mọi thuật toán, ví dụ của &lt;i&gt;Phân cấp tính nhạy cảm&lt;/i&gt; hoặc &lt;i&gt;Ưu tiên quan trắc&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>Automatic takes the configurations of the same model where models have several, such as default and tuned, else all pairs of models. Reference A is a configuration whose name begins with &apos;manual&apos; or &apos;default&apos;, else the first.</source>
        <translation>Tự động: so sánh các cấu hình của cùng một mô hình nếu có mô hình mang nhiều cấu hình, chẳng hạn mặc định và đã tinh chỉnh; nếu không, so sánh mọi cặp mô hình. Tham chiếu A là cấu hình có tên bắt đầu bằng &apos;manual&apos; hoặc &apos;default&apos;, nếu không thì là cấu hình đầu tiên.</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>Quay lại</translation>
    </message>
    <message>
        <source>Band of EXCEEDANCE to read; 1 is the probability to reach the lowest quantile (P85).</source>
        <translation>Kênh của EXCEEDANCE cần đọc; 1 là xác suất đạt phân vị thấp nhất (P85).</translation>
    </message>
    <message>
        <source>Band of the multi-band raster with wavelengths around {low} to {high} µm (band {number} of Landsat 8 and 9).</source>
        <translation>Kênh của raster đa kênh có bước sóng khoảng {low} đến {high} µm (kênh {number} của Landsat 8 và 9).</translation>
    </message>
    <message>
        <source>Band of the raster that holds the elevation. Empty: the first.</source>
        <translation>Kênh của raster chứa độ cao. Để trống: kênh đầu tiên.</translation>
    </message>
    <message>
        <source>Bands are matched to the model&apos;s factors by name. Surplus bands are named in the log; a missing one stops the run.</source>
        <translation>Các kênh được ghép với các yếu tố của mô hình theo tên. Kênh thừa được nêu trong nhật ký; thiếu kênh thì quá trình chạy dừng lại.</translation>
    </message>
    <message>
        <source>Bands of more than 16.8 million cells are read three times instead of being held in memory; their breaks are exact to a bin.</source>
        <translation>Các kênh có trên 16.8 triệu ô được đọc ba lần thay vì giữ trong bộ nhớ; ngưỡng của chúng chính xác đến một khoảng chia.</translation>
    </message>
    <message>
        <source>Bands of the stack to correlate. Empty: all.</source>
        <translation>Các kênh của chồng lớp cần tính tương quan. Để trống: tất cả.</translation>
    </message>
    <message>
        <source>Before a model from somebody else is used, to look up how a model was trained, or to find out which model made a map. Next: &lt;i&gt;Predict susceptibility&lt;/i&gt; or &lt;i&gt;Forecast deformation&lt;/i&gt;.</source>
        <translation>Trước khi dùng mô hình của người khác, để tra cứu mô hình đã được huấn luyện ra sao, hoặc để biết mô hình nào đã tạo ra bản đồ. Tiếp theo: &lt;i&gt;Dự đoán tính nhạy cảm&lt;/i&gt; hoặc &lt;i&gt;Dự báo biến dạng&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>Before training, to leave out factors that repeat others. It takes the factor stack of &lt;i&gt;Align factors&lt;/i&gt;, or the samples of &lt;i&gt;Extract samples&lt;/i&gt;. Next: &lt;i&gt;Reclassify factors&lt;/i&gt;, or a training algorithm with the factors that remain.</source>
        <translation>Trước khi huấn luyện, để loại các yếu tố lặp lại thông tin của yếu tố khác. Công cụ nhận chồng lớp yếu tố của &lt;i&gt;Đồng nhất các yếu tố&lt;/i&gt;, hoặc lớp mẫu của &lt;i&gt;Trích xuất mẫu&lt;/i&gt;. Tiếp theo: &lt;i&gt;Phân cấp lại các yếu tố&lt;/i&gt;, hoặc một thuật toán huấn luyện với các yếu tố còn lại.</translation>
    </message>
    <message>
        <source>Best simple forecast</source>
        <translation>Dự báo đơn giản tốt nhất</translation>
    </message>
    <message>
        <source>Bias of this forecast (mm)</source>
        <translation>Sai số hệ thống của dự báo này (mm)</translation>
    </message>
    <message>
        <source>Bring the conditioning factors together as the bands of one raster.</source>
        <translation>Tập hợp các yếu tố ảnh hưởng thành các kênh của một raster.</translation>
    </message>
    <message>
        <source>Bring them onto a grid, one band a date.</source>
        <translation>Đưa chúng lên một lưới, mỗi ngày một kênh.</translation>
    </message>
    <message>
        <source>Brings conditioning factors of any CRS, cell size and extent to one grid and stacks them in one multi-band raster, the factor stack, with one band a factor.</source>
        <translation>Đưa các yếu tố ảnh hưởng có hệ tọa độ, kích thước ô và phạm vi bất kỳ về một lưới và xếp chúng vào một raster đa kênh, tức chồng lớp yếu tố, mỗi yếu tố một kênh.</translation>
    </message>
    <message>
        <source>CRS of a table that is none of EGMS. Empty: EPSG:3035 for EGMS, EPSG:4326 for columns named lon and lat; other tables need it.</source>
        <translation>Hệ tọa độ của bảng không thuộc EGMS. Để trống: EPSG:3035 với EGMS, EPSG:4326 với các cột tên lon và lat; các bảng khác bắt buộc phải cho.</translation>
    </message>
    <message>
        <source>Calibration error after recalibration</source>
        <translation>Sai số hiệu chuẩn sau khi hiệu chuẩn lại</translation>
    </message>
    <message>
        <source>Cells drawn at random for Spearman&apos;s coefficient and the significance. A stack with fewer complete cells is taken whole.</source>
        <translation>Số ô lấy ngẫu nhiên để tính hệ số Spearman và ý nghĩa thống kê. Chồng lớp có ít ô đầy đủ hơn thì được lấy toàn bộ.</translation>
    </message>
    <message>
        <source>Cells to either side of a cell: 3 compares the errors of 7 × 7 cells with those of the map.</source>
        <translation>Số ô về mỗi phía của một ô: 3 so sánh sai số của 7 × 7 ô với sai số của cả bản đồ.</translation>
    </message>
    <message>
        <source>Check on points that no model has seen, and see why the map says what it says.</source>
        <translation>Kiểm tra trên các điểm mà chưa mô hình nào từng thấy, và xem vì sao bản đồ cho kết quả như vậy.</translation>
    </message>
    <message>
        <source>Checks a model file in full and tells what it says of itself: architecture, hyperparameters, factors or dates, metrics, seeds and versions, and whether it made a given layer.</source>
        <translation>Kiểm tra toàn bộ một tệp mô hình và cho biết tệp khai báo gì về chính nó: kiến trúc, siêu tham số, các yếu tố hoặc các ngày, chỉ số đánh giá, hạt giống và phiên bản, và có phải nó đã tạo ra một lớp cho trước hay không.</translation>
    </message>
    <message>
        <source>Choose a folder for the files.</source>
        <translation>Chọn thư mục cho các tệp.</translation>
    </message>
    <message>
        <source>Choose model file…</source>
        <translation>Chọn tệp mô hình…</translation>
    </message>
    <message>
        <source>Choose the model file that made the probability raster (model {id}).</source>
        <translation>Chọn tệp mô hình đã tạo ra raster xác suất (mô hình {id}).</translation>
    </message>
    <message>
        <source>Chooses points of subsidence, and stable points on request, among InSAR points by their velocity and quality, as the inventory with which the susceptibility chain begins.</source>
        <translation>Chọn các điểm sụt lún, và các điểm ổn định nếu cần, trong số các điểm InSAR theo vận tốc và chất lượng, làm bản đồ hiện trạng mở đầu chuỗi đánh giá tính nhạy cảm.</translation>
    </message>
    <message>
        <source>Classes 1 Low, 2 Medium, 3 High and 4 Highest of the intensity |m|; 0 is nodata. The legend names the thresholds.</source>
        <translation>Các mức 1 Thấp, 2 Trung bình, 3 Cao và 4 Cao nhất của cường độ |m|; 0 là nodata. Chú giải nêu các ngưỡng.</translation>
    </message>
    <message>
        <source>Classes 1 to 9 of level (low, medium, high; the two highest are one) by spread (thirds of the pixels). 7 is high and robust, 9 is high and unstable; 0 is nodata.</source>
        <translation>Các cấp 1 đến 9 theo mức (thấp, trung bình, cao; hai mức cao nhất gộp làm một) và độ phân tán (mỗi cấp một phần ba số điểm ảnh). 7 là cao và chắc chắn, 9 là cao và không ổn định; 0 là nodata.</translation>
    </message>
    <message>
        <source>Click on the map to see what the layers say of a place.</source>
        <translation>Nhấp vào bản đồ để xem các lớp cho biết gì về một vị trí.</translation>
    </message>
    <message>
        <source>Click on the map to see what the layers say of that place</source>
        <translation>Nhấp vào bản đồ để xem các lớp cho biết gì về vị trí đó</translation>
    </message>
    <message>
        <source>Column of the {axis} coordinate, where the table is none of EGMS and has no easting and northing, x and y, or lon and lat. Empty: found by these names.</source>
        <translation>Cột của tọa độ {axis}, khi bảng không thuộc EGMS và không có easting và northing, x và y, hoặc lon và lat. Để trống: tìm theo các tên này.</translation>
    </message>
    <message>
        <source>Columns of the rasters.</source>
        <translation>Số cột của các raster.</translation>
    </message>
    <message>
        <source>Compares one or several forecasts with what was observed: how large the residuals are, how they are distributed, and where they cluster.</source>
        <translation>So sánh một hoặc nhiều dự báo với quan trắc: phần dư lớn bao nhiêu, phân bố thế nào và tập trung ở đâu.</translation>
    </message>
    <message>
        <source>Compares one or several trained models on the same samples, by AUC, accuracy, Kappa and further metrics for training, validation and test rows apart; on request recalibrates one model.</source>
        <translation>So sánh một hoặc nhiều mô hình đã huấn luyện trên cùng lớp mẫu, theo AUC, độ chính xác, Kappa và các chỉ số khác, riêng cho dòng huấn luyện, kiểm định và kiểm tra; nếu cần, hiệu chuẩn lại một mô hình.</translation>
    </message>
    <message>
        <source>Compares this date only: a date such as 2024-06-30, or the word last for the last common one. Empty: all common dates.</source>
        <translation>Chỉ so sánh ngày này: một ngày như 2024-06-30, hoặc từ last cho ngày chung cuối cùng. Để trống: mọi ngày chung.</translation>
    </message>
    <message>
        <source>Component of the displacements</source>
        <translation>Thành phần của chuyển dịch</translation>
    </message>
    <message>
        <source>Computes the probability of land subsidence for every pixel of a factor stack or class stack with a trained model, a network or a baseline.</source>
        <translation>Tính xác suất sụt lún đất cho từng điểm ảnh của chồng lớp yếu tố hoặc chồng lớp phân cấp bằng một mô hình đã huấn luyện, mạng hoặc mô hình đối chứng.</translation>
    </message>
    <message>
        <source>Conditioning factors</source>
        <translation>Các yếu tố ảnh hưởng</translation>
    </message>
    <message>
        <source>Configurations that are tried, the first 20 at random; the paper takes 50.</source>
        <translation>Số cấu hình được thử, 20 cấu hình đầu là ngẫu nhiên; bài báo lấy 50.</translation>
    </message>
    <message>
        <source>Coordinate reference system of the factor stack. Empty: that of the first raster.</source>
        <translation>Hệ tọa độ của chồng lớp yếu tố. Để trống: hệ tọa độ của raster đầu tiên.</translation>
    </message>
    <message>
        <source>Create and open</source>
        <translation>Tạo và mở</translation>
    </message>
    <message>
        <source>Data, split in time, simple forecasts and intervals are those of &lt;i&gt;Train forecaster&lt;/i&gt;. By default the search is TPE as in the paper: 50 trials, 20 of them random, the best quarter as the good set. Hopeless trials are ended early.</source>
        <translation>Dữ liệu, cách chia theo thời gian, các dự báo đơn giản và khoảng dự báo giống như trong &lt;i&gt;Huấn luyện mô hình dự báo&lt;/i&gt;. Mặc định tìm kiếm bằng TPE như trong bài báo: 50 lần thử, trong đó 20 lần ngẫu nhiên, một phần tư tốt nhất làm tập tốt. Các lần thử không triển vọng được kết thúc sớm.</translation>
    </message>
    <message>
        <source>Dates left out between the last date read and the first one forecast. 2 is the honest choice for EGMS L3 after 2021, whose neighbouring dates share information.</source>
        <translation>Số mốc thời gian bỏ qua giữa mốc cuối được đọc và mốc đầu được dự báo. 2 là lựa chọn trung thực cho EGMS L3 sau năm 2021, vì các mốc lân cận dùng chung thông tin.</translation>
    </message>
    <message>
        <source>Dates of the result, within the time that both tracks cover. At dates that a track does not have, it is interpolated linearly between its own.</source>
        <translation>Các ngày của kết quả, trong thời gian mà cả hai quỹ đạo đều có. Tại những ngày một quỹ đạo không có, giá trị được nội suy tuyến tính giữa các ngày của chính quỹ đạo đó.</translation>
    </message>
    <message>
        <source>Dates that the forecaster gives, all at once.</source>
        <translation>Số mốc thời gian mà mô hình dự báo đưa ra, cùng một lúc.</translation>
    </message>
    <message>
        <source>Deformation</source>
        <translation>Biến dạng</translation>
    </message>
    <message>
        <source>Deformation forecast</source>
        <translation>Dự báo biến dạng</translation>
    </message>
    <message>
        <source>Dense monitoring (GNSS, corner reflectors)</source>
        <translation>Quan trắc dày (GNSS, bộ phản xạ góc)</translation>
    </message>
    <message>
        <source>Densify monitoring, verify</source>
        <translation>Tăng mật độ quan trắc, kiểm chứng</translation>
    </message>
    <message>
        <source>Densify, recalibrate thresholds</source>
        <translation>Tăng mật độ quan trắc, hiệu chỉnh lại ngưỡng</translation>
    </message>
    <message>
        <source>Direction of flight, clockwise from north: about -10 ascending, 190 descending; the radar looks to the right. Empty: the fields of the layer.</source>
        <translation>Hướng bay, theo chiều kim đồng hồ từ hướng bắc: khoảng -10 khi bay lên, 190 khi bay xuống; radar nhìn về bên phải. Để trống: các trường của lớp.</translation>
    </message>
    <message>
        <source>Displacement ({unit})</source>
        <translation>Chuyển dịch ({unit})</translation>
    </message>
    <message>
        <source>Displacements are in mm and velocities in mm/yr. The sign is kept as delivered: vertical is negative where the ground subsides, line of sight is positive towards the satellite. Component, geometry and unit are said in the log and kept in the metadata of the layer.</source>
        <translation>Chuyển dịch tính bằng mm và vận tốc bằng mm/yr. Dấu được giữ như được cung cấp: thành phần thẳng đứng âm khi mặt đất sụt lún, hướng nhìn dương khi về phía vệ tinh. Thành phần, hình học và đơn vị được ghi trong nhật ký và giữ trong siêu dữ liệu của lớp.</translation>
    </message>
    <message>
        <source>Displacements are in mm and velocities in mm/yr. Vertical is negative where the ground subsides, east is positive eastwards. Points lie at the centres of the cells and tell how many points of each track a cell holds.</source>
        <translation>Chuyển dịch tính bằng mm và vận tốc bằng mm/yr. Thành phần thẳng đứng âm khi mặt đất sụt lún, thành phần đông dương về phía đông. Các điểm nằm ở tâm ô và cho biết mỗi ô chứa bao nhiêu điểm của từng quỹ đạo.</translation>
    </message>
    <message>
        <source>Draw points where it does not, and read the factors at all of them.</source>
        <translation>Lấy các điểm ở nơi không có sụt lún, và đọc các yếu tố tại mọi điểm.</translation>
    </message>
    <message>
        <source>Each chosen field becomes a factor of its name. Whole numbers are the codes themselves, texts are coded; numbers with fractions make a continuous factor. Needed with polygons.</source>
        <translation>Mỗi trường được chọn trở thành một yếu tố cùng tên. Số nguyên là chính các mã, văn bản được mã hóa; số có phần thập phân tạo thành yếu tố liên tục. Bắt buộc khi có các vùng (polygon).</translation>
    </message>
    <message>
        <source>Either &apos;old=new&apos; for some factors (dem=elevation, lc_2024=lulc) or one name for each factor in order (rasters, categorical rasters, polygon fields), parted by commas. Empty: the names of bands, layers or files.</source>
        <translation>Hoặc &apos;old=new&apos; cho một số yếu tố (dem=elevation, lc_2024=lulc), hoặc mỗi yếu tố một tên theo thứ tự (raster, raster phân loại, trường của vùng), cách nhau bằng dấu phẩy. Để trống: tên của kênh, lớp hoặc tệp.</translation>
    </message>
    <message>
        <source>Ensemble members</source>
        <translation>Các thành viên của tổ hợp</translation>
    </message>
    <message>
        <source>Entry of QGIS&apos;s authentication database (basic: user name and password) for STORAGE. Empty: none.</source>
        <translation>Mục trong cơ sở dữ liệu xác thực của QGIS (basic: tên người dùng và mật khẩu) cho STORAGE. Để trống: không có.</translation>
    </message>
    <message>
        <source>Every band of a raster becomes a factor. Rasters are read and written tile by tile, so that memory does not grow with them; polygons are held in memory. The Hanoi paper resamples all its layers to 12.5 m.</source>
        <translation>Mỗi kênh của raster trở thành một yếu tố. Raster được đọc và ghi theo từng mảnh nên bộ nhớ không tăng theo kích thước; các vùng (polygon) được giữ trong bộ nhớ. Bài báo về Hà Nội lấy mẫu lại mọi lớp về 12.5 m.</translation>
    </message>
    <message>
        <source>Every band of the class raster is evaluated. The table holds cells and events with their shares in percent, the ratios by split and the areas under the curves.</source>
        <translation>Mỗi kênh của raster phân cấp đều được đánh giá. Bảng chứa số ô và số sự kiện cùng tỷ lệ phần trăm, các tỷ số theo phần chia và diện tích dưới các đường cong.</translation>
    </message>
    <message>
        <source>Every cell gets the first class that fits:</source>
        <translation>Mỗi ô nhận cấp đầu tiên phù hợp:</translation>
    </message>
    <message>
        <source>Every step is also a tool of its own, in &lt;b&gt;Processing ▸ Toolbox ▸ Land subsidence&lt;/b&gt;, in groups numbered in the order of work. Choose a tool on the left to read what it does. Methods that learn need packages that QGIS does not bring: {installation} tells which are there and prints the line that installs the rest.</source>
        <translation>Mỗi bước cũng là một công cụ riêng, trong &lt;b&gt;Xử lý ▸ Hộp công cụ ▸ Land subsidence&lt;/b&gt;, xếp vào các nhóm đánh số theo trình tự công việc. Chọn một công cụ ở bên trái để đọc công dụng của nó. Các phương pháp học cần những gói không đi kèm QGIS: {installation} cho biết gói nào đã có và in ra dòng lệnh cài đặt các gói còn lại.</translation>
    </message>
    <message>
        <source>Explains a model by SHAP values: what each factor adds to the prediction at a place, ranked over the samples and, on request, mapped for every pixel.</source>
        <translation>Giải thích mô hình bằng giá trị SHAP: mỗi yếu tố đóng góp gì vào dự đoán tại một nơi, được xếp hạng trên các mẫu và, nếu cần, được lập bản đồ cho từng điểm ảnh.</translation>
    </message>
    <message>
        <source>Explains the probability of a recalibrated model as it is mapped, else the raw one. Without effect on other models.</source>
        <translation>Giải thích xác suất của mô hình đã hiệu chuẩn lại như khi lập bản đồ, nếu không thì xác suất gốc. Không ảnh hưởng đến các mô hình khác.</translation>
    </message>
    <message>
        <source>Explanation</source>
        <translation>Giải thích</translation>
    </message>
    <message>
        <source>Export CSV</source>
        <translation>Xuất CSV</translation>
    </message>
    <message>
        <source>Export CSV…</source>
        <translation>Xuất CSV…</translation>
    </message>
    <message>
        <source>Export picture</source>
        <translation>Xuất hình ảnh</translation>
    </message>
    <message>
        <source>Export picture…</source>
        <translation>Xuất hình ảnh…</translation>
    </message>
    <message>
        <source>Exporting a place</source>
        <translation>Xuất thông tin một vị trí</translation>
    </message>
    <message>
        <source>Factor stack (GeoTIFF, float32) with one band for each factor, on the grid of the DEM.</source>
        <translation>Chồng lớp yếu tố (GeoTIFF, float32) với mỗi yếu tố một kênh, trên lưới của DEM.</translation>
    </message>
    <message>
        <source>Factor stack (GeoTIFF, float32) with one band for each index, on the grid of the bands.</source>
        <translation>Chồng lớp yếu tố (GeoTIFF, float32) với mỗi chỉ số một kênh, trên lưới của các kênh đầu vào.</translation>
    </message>
    <message>
        <source>Factor stack or class stack: a raster with one band for each factor, for example from &apos;Align factors&apos;. Give either this or SAMPLES.</source>
        <translation>Chồng lớp yếu tố hoặc chồng lớp phân cấp: raster với mỗi yếu tố một kênh, ví dụ từ &apos;Đồng nhất các yếu tố&apos;. Cho dữ liệu này hoặc SAMPLES.</translation>
    </message>
    <message>
        <source>Factors are scaled to 0…1 by the range of the training rows. Categorical factors become one input for each category.</source>
        <translation>Các yếu tố được chuẩn hóa về 0…1 theo khoảng giá trị của các dòng huấn luyện. Mỗi loại của yếu tố phân loại trở thành một đầu vào.</translation>
    </message>
    <message>
        <source>Factors to write, each as a band. Only the TWI needs numba and the DEM in memory.</source>
        <translation>Các yếu tố cần ghi, mỗi yếu tố là một kênh. Chỉ TWI cần numba và cần nạp DEM vào bộ nhớ.</translation>
    </message>
    <message>
        <source>Field with 1 for subsidence and 0 for none, which is not counted. Empty, or where the layer has no field &apos;label&apos;: all features are subsidence.</source>
        <translation>Trường có giá trị 1 là sụt lún và 0 là không sụt lún (không được tính). Để trống, hoặc khi lớp không có trường &apos;label&apos;: mọi đối tượng đều là sụt lún.</translation>
    </message>
    <message>
        <source>Field with 1 for subsidence and 0 for none. Empty: rows are drawn without it.</source>
        <translation>Trường có giá trị 1 là sụt lún và 0 là không sụt lún. Để trống: các dòng được lấy ngẫu nhiên mà không xét đến trường này.</translation>
    </message>
    <message>
        <source>Field with 1 for subsidence and 0 for none. Empty: the field &apos;label&apos;.</source>
        <translation>Trường có giá trị 1 là sụt lún và 0 là không sụt lún. Để trống: trường &apos;label&apos;.</translation>
    </message>
    <message>
        <source>Field with 1 for subsidence and 0 for none; anything else is refused. Where the layer has no field &apos;label&apos; and no other is chosen, all features count as subsidence.</source>
        <translation>Trường có giá trị 1 là sụt lún và 0 là không sụt lún; giá trị khác không được chấp nhận. Khi lớp không có trường &apos;label&apos; và không chọn trường nào khác, mọi đối tượng được coi là sụt lún.</translation>
    </message>
    <message>
        <source>Field with a measure of quality, for example temporal_coherence (EGMS L2), rmse_ts (L3 of 2020–2024), rmse (older L3) or mean_velocity_std. Empty: all points count.</source>
        <translation>Trường chứa thước đo chất lượng, ví dụ temporal_coherence (EGMS L2), rmse_ts (L3 giai đoạn 2020–2024), rmse (L3 cũ hơn) hoặc mean_velocity_std. Để trống: dùng mọi điểm.</translation>
    </message>
    <message>
        <source>Field with the label, which is not taken as a factor.</source>
        <translation>Trường chứa nhãn, không được dùng làm yếu tố.</translation>
    </message>
    <message>
        <source>Field with the velocity in mm/yr. Empty: mean_velocity.</source>
        <translation>Trường chứa vận tốc, đơn vị mm/yr. Để trống: mean_velocity.</translation>
    </message>
    <message>
        <source>Fields of the model&apos;s factors. Empty: all factors that &apos;Extract samples&apos; wrote.</source>
        <translation>Các trường yếu tố của mô hình. Để trống: mọi yếu tố do &apos;Trích xuất mẫu&apos; ghi ra.</translation>
    </message>
    <message>
        <source>Figures</source>
        <translation>Số liệu</translation>
    </message>
    <message>
        <source>File (.safetensors) written by a training algorithm, &apos;Tune model&apos; or &apos;Validate models&apos;.</source>
        <translation>Tệp (.safetensors) do một thuật toán huấn luyện, &apos;Tinh chỉnh mô hình&apos; hoặc &apos;Kiểm định mô hình&apos; ghi ra.</translation>
    </message>
    <message>
        <source>File that keeps the state while it trains: run again with the same file, samples and settings to go on where a cancelled or killed training stopped, with the same result as without the stop. It stays; delete it when no longer needed. Empty: none.</source>
        <translation>Tệp lưu trạng thái trong khi huấn luyện: chạy lại với cùng tệp, mẫu và thiết lập để tiếp tục từ chỗ quá trình huấn luyện bị hủy hoặc bị ngắt, kết quả giống như khi không bị dừng. Tệp được giữ lại; xóa đi khi không cần nữa. Để trống: không lưu.</translation>
    </message>
    <message>
        <source>Files are read in blocks, so that memory does not grow with them. A broken row (another number of columns, text in place of a number) is left out and reported with its line number.</source>
        <translation>Tệp được đọc theo từng khối nên bộ nhớ không tăng theo kích thước tệp. Dòng lỗi (sai số cột, có chữ ở chỗ của số) bị bỏ qua và được báo kèm số thứ tự dòng.</translation>
    </message>
    <message>
        <source>Files of the European Ground Motion Service (EGMS, https://egms.land.copernicus.eu) are read as they are downloaded: levels L2a and L2b (line of sight) and L3 (vertical or east), of the releases until 2019–2023 and from 2020–2024 on. Several tiles become one layer. Where they overlap, of points at the same place the one with more dates, then with better quality, is kept.</source>
        <translation>Tệp của Dịch vụ Chuyển động Mặt đất châu Âu (EGMS, https://egms.land.copernicus.eu) được đọc trực tiếp như khi tải về: các mức L2a và L2b (hướng nhìn) và L3 (phương thẳng đứng hoặc hướng đông), của các phiên bản đến 2019–2023 và từ 2020–2024 trở đi. Nhiều mảnh được ghép thành một lớp. Ở chỗ chồng lấn, trong các điểm trùng vị trí, điểm có nhiều ngày hơn, rồi đến điểm có chất lượng tốt hơn, được giữ lại.</translation>
    </message>
    <message>
        <source>First step of the susceptibility chain where a DEM is at hand; the Hanoi paper derives the same five factors from its DEM. Next: &lt;i&gt;Align factors&lt;/i&gt;, with the other layers, or at once &lt;i&gt;Reclassify factors&lt;/i&gt;.</source>
        <translation>Bước đầu tiên của chuỗi đánh giá tính nhạy cảm khi có sẵn DEM; bài báo về Hà Nội cũng lấy năm yếu tố này từ DEM. Tiếp theo: &lt;i&gt;Đồng nhất các yếu tố&lt;/i&gt; cùng các lớp khác, hoặc thực hiện ngay &lt;i&gt;Phân cấp lại các yếu tố&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>First step of the susceptibility chain, after &lt;i&gt;Topographic factors from a DEM&lt;/i&gt; and &lt;i&gt;Spectral indices from satellite bands&lt;/i&gt;. Next: &lt;i&gt;Factor correlation&lt;/i&gt; and &lt;i&gt;Reclassify factors&lt;/i&gt;; &lt;i&gt;Extract samples&lt;/i&gt; and &lt;i&gt;Predict susceptibility&lt;/i&gt; take the stack, too.</source>
        <translation>Bước đầu tiên của chuỗi đánh giá tính nhạy cảm, sau &lt;i&gt;Yếu tố địa hình từ DEM&lt;/i&gt; và &lt;i&gt;Chỉ số phổ từ các kênh vệ tinh&lt;/i&gt;. Tiếp theo: &lt;i&gt;Tương quan giữa các yếu tố&lt;/i&gt; và &lt;i&gt;Phân cấp lại các yếu tố&lt;/i&gt;; &lt;i&gt;Trích xuất mẫu&lt;/i&gt; và &lt;i&gt;Dự đoán tính nhạy cảm&lt;/i&gt; cũng nhận chồng lớp này.</translation>
    </message>
    <message>
        <source>Fold {number}</source>
        <translation>Phần (fold) {number}</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Thư mục</translation>
    </message>
    <message>
        <source>Folder of the example</source>
        <translation>Thư mục của ví dụ</translation>
    </message>
    <message>
        <source>Folds differ from one partition of the samples to the next. Several partitions show by how much, and their mean matters. Intervals follow Nadeau and Bengio (2003).</source>
        <translation>Các phần (fold) thay đổi giữa các lần phân chia mẫu. Nhiều lần phân chia cho thấy mức thay đổi đó, và giá trị trung bình của chúng mới là đáng kể. Khoảng tin cậy tính theo Nadeau và Bengio (2003).</translation>
    </message>
    <message>
        <source>Folds of cross-validation</source>
        <translation>Các phần (fold) kiểm định chéo</translation>
    </message>
    <message>
        <source>Forecast at points</source>
        <translation>Dự báo tại điểm</translation>
    </message>
    <message>
        <source>Forecast residuals</source>
        <translation>Phần dư dự báo</translation>
    </message>
    <message>
        <source>Forecast with the smallest RMSE</source>
        <translation>Dự báo có RMSE nhỏ nhất</translation>
    </message>
    <message>
        <source>Forecast, with an interval.</source>
        <translation>Dự báo kèm khoảng dự báo.</translation>
    </message>
    <message>
        <source>Forecasting workflow in the Modeler</source>
        <translation>Quy trình dự báo trong Trình thiết kế mô hình</translation>
    </message>
    <message>
        <source>Forecasts the displacement at the next dates with a trained forecaster: a raster with one band for each future date, in mm, with the sign of the deformation stack.</source>
        <translation>Dự báo chuyển dịch tại các ngày tiếp theo bằng mô hình dự báo đã huấn luyện: raster có một kênh cho mỗi ngày tương lai, đơn vị mm, cùng dấu với chồng lớp biến dạng.</translation>
    </message>
    <message>
        <source>From the mean {mean} of {rows} to {prediction} here; orange raises, blue lowers.</source>
        <translation>Từ trung bình {mean} của {rows} đến {prediction} tại đây; màu cam làm tăng, màu xanh lam làm giảm.</translation>
    </message>
    <message>
        <source>GeoTIFF, float32 with NaN as nodata. Each factor is a band, with its name as description and its kind (continuous, categorical) in the metadata.</source>
        <translation>GeoTIFF, float32 với NaN là nodata. Mỗi yếu tố là một kênh, có tên trong phần mô tả và loại (liên tục, phân loại) trong siêu dữ liệu.</translation>
    </message>
    <message>
        <source>GeoTIFF, uint8, where 0 is nodata, with one band for each factor.</source>
        <translation>GeoTIFF, uint8, trong đó 0 là nodata, mỗi yếu tố một kênh.</translation>
    </message>
    <message>
        <source>Geometry of the track</source>
        <translation>Hình học của quỹ đạo</translation>
    </message>
    <message>
        <source>Get points where the ground sinks, from a survey or from InSAR velocities.</source>
        <translation>Lấy các điểm mặt đất sụt lún, từ khảo sát hoặc từ vận tốc InSAR.</translation>
    </message>
    <message>
        <source>Gets one class raster for each factor, named as the factor and styled with its labels. Empty: none are written.</source>
        <translation>Nơi nhận một raster phân cấp cho mỗi yếu tố, đặt tên theo yếu tố và hiển thị theo nhãn các cấp. Để trống: không ghi.</translation>
    </message>
    <message>
        <source>Give either samples or a factor stack. A stack is read tile by tile: Pearson&apos;s coefficients and VIF come from all its complete cells exactly, Spearman&apos;s and the significance from a random draw of them.</source>
        <translation>Cung cấp mẫu hoặc chồng lớp yếu tố. Chồng lớp được đọc theo từng mảnh: hệ số Pearson và VIF được tính chính xác từ mọi ô đủ dữ liệu, hệ số Spearman và mức ý nghĩa tính từ một tập ô lấy ngẫu nhiên.</translation>
    </message>
    <message>
        <source>Give one multi-band raster and the numbers of its bands, or one raster for each band; single rasters go first. All must lie on one grid.</source>
        <translation>Cung cấp một raster đa kênh kèm số thứ tự các kênh, hoặc mỗi kênh một raster; raster đơn được ưu tiên. Tất cả phải nằm trên cùng một lưới.</translation>
    </message>
    <message>
        <source>Grid search is that of the Hanoi paper. TPE is set as in the Rhineland paper: 50 trials, 20 of them random, the best quarter as the good ones (Bergstra et al. 2011). The search itself is done by Optuna (Akiba et al. 2019).</source>
        <translation>Tìm kiếm theo lưới là phương pháp của bài báo về Hà Nội. TPE được thiết lập như trong bài báo về Rhineland: 50 lần thử, trong đó 20 lần ngẫu nhiên, một phần tư tốt nhất được coi là tốt (Bergstra và nnk. 2011). Việc tìm kiếm do Optuna thực hiện (Akiba và nnk. 2019).</translation>
    </message>
    <message>
        <source>Gridding often costs more accuracy than forecasting does, so forecasts should be scored at the points as well.</source>
        <translation>Nội suy lưới thường làm mất độ chính xác nhiều hơn bản thân việc dự báo, vì vậy nên đánh giá dự báo cả tại các điểm.</translation>
    </message>
    <message>
        <source>Groups that do not vary at all cannot be tested and are reported so. Groups of one run, and the same runs under two names, are left out.</source>
        <translation>Các nhóm hoàn toàn không biến thiên thì không kiểm định được và được báo như vậy. Nhóm chỉ có một lần chạy và các lần chạy trùng nhau dưới hai tên bị bỏ qua.</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>Trợ giúp</translation>
    </message>
    <message>
        <source>High</source>
        <translation>Cao</translation>
    </message>
    <message>
        <source>High level × high spread</source>
        <translation>Mức cao × phân tán cao</translation>
    </message>
    <message>
        <source>High level × low spread</source>
        <translation>Mức cao × phân tán thấp</translation>
    </message>
    <message>
        <source>High level × medium spread</source>
        <translation>Mức cao × phân tán trung bình</translation>
    </message>
    <message>
        <source>Highest</source>
        <translation>Cao nhất</translation>
    </message>
    <message>
        <source>Highest learning rate of the optimizer (AdamW); it warms up and decays.</source>
        <translation>Tốc độ học cao nhất của bộ tối ưu (AdamW); tốc độ học tăng dần lúc khởi động rồi giảm dần.</translation>
    </message>
    <message>
        <source>Holds out whole folds (field fold of &apos;Extract samples&apos;) instead of single rows, which is stricter where samples stand close together.</source>
        <translation>Giữ lại nguyên cả phần (trường fold của &apos;Trích xuất mẫu&apos;) thay vì từng dòng riêng lẻ; cách này nghiêm ngặt hơn khi các mẫu nằm gần nhau.</translation>
    </message>
    <message>
        <source>Hotspots of this forecast (km²)</source>
        <translation>Điểm nóng của dự báo này (km²)</translation>
    </message>
    <message>
        <source>How far from the click the nearest point with a time series may lie</source>
        <translation>Khoảng cách tối đa từ vị trí nhấp chuột đến điểm gần nhất có chuỗi thời gian</translation>
    </message>
    <message>
        <source>How good a forecaster is, is told by the report of its training, which compares it with simple forecasts.</source>
        <translation>Chất lượng của mô hình dự báo được nêu trong báo cáo huấn luyện, nơi nó được so sánh với các dự báo đơn giản.</translation>
    </message>
    <message>
        <source>How the breaks of a continuous factor are found, where RULES says nothing of it.</source>
        <translation>Cách xác định ngưỡng phân cấp của yếu tố liên tục khi RULES không quy định.</translation>
    </message>
    <message>
        <source>How the sequence of dates is read: by a recurrent network or by attention.</source>
        <translation>Cách đọc chuỗi các ngày: bằng mạng hồi quy hoặc bằng cơ chế chú ý (attention).</translation>
    </message>
    <message>
        <source>How to begin</source>
        <translation>Bắt đầu như thế nào</translation>
    </message>
    <message>
        <source>How will it move? The deformation forecast</source>
        <translation>Mặt đất sẽ dịch chuyển ra sao? Dự báo biến dạng</translation>
    </message>
    <message>
        <source>In a DEM in degrees, distances are taken in metres row by row. Elevation is in metres.</source>
        <translation>Với DEM theo độ, khoảng cách được tính bằng mét theo từng hàng. Độ cao tính bằng mét.</translation>
    </message>
    <message>
        <source>In degrees. Flatter cells count as this steep in the TWI, which has no value at slope 0; it decides the highest TWI of plains. The slope band itself is not changed.</source>
        <translation>Tính bằng độ. Trong TWI, các ô thoải hơn được coi là có độ dốc này, vì TWI không xác định khi độ dốc bằng 0; giá trị này quyết định TWI cao nhất ở đồng bằng. Bản thân kênh độ dốc không thay đổi.</translation>
    </message>
    <message>
        <source>In every fold the model is trained anew; the weights of a model file given for its recipe are not used. Scaling, categories, class weights, frequency ratios and early stopping see the training rows of the fold alone.</source>
        <translation>Ở mỗi phần (fold), mô hình được huấn luyện lại từ đầu; nếu dùng tệp mô hình để lấy cấu hình thì các trọng số trong đó không được sử dụng. Chuẩn hóa, các loại của yếu tố phân loại, trọng số lớp, tỷ số tần suất và dừng sớm chỉ dựa trên các dòng huấn luyện của phần đó.</translation>
    </message>
    <message>
        <source>In random folds every test row has training rows next to it. In spatial folds whole neighbourhoods are left out, as on a map of places without samples. The difference says how much a random split flatters. A network that does not beat the baselines has no case.</source>
        <translation>Với các phần (fold) ngẫu nhiên, mỗi dòng kiểm tra đều có dòng huấn luyện ở ngay bên cạnh. Với các phần không gian, cả vùng lân cận bị loại ra, như khi lập bản đồ cho nơi không có mẫu. Sự chênh lệch cho biết cách chia ngẫu nhiên làm đẹp kết quả đến mức nào. Mạng nào không vượt được các mô hình đối chứng thì không có lý do để dùng.</translation>
    </message>
    <message>
        <source>In the runs table a run is a partition. Partitions share their rows, so that a test between runs says that the folds do not matter, not that other samples would agree.</source>
        <translation>Trong bảng các lần chạy, mỗi lần chạy là một lần phân chia. Các lần phân chia dùng chung các dòng, vì vậy kiểm định giữa các lần chạy cho biết kết quả không phụ thuộc cách chia phần (fold), chứ không phải các mẫu khác cũng sẽ cho kết quả như vậy.</translation>
    </message>
    <message>
        <source>InSAR mean velocity</source>
        <translation>Vận tốc trung bình InSAR</translation>
    </message>
    <message>
        <source>Indices to write, each as a band. NDVI and SAVI use red and near infrared (NIR), NDWI green and NIR, NDBI shortwave infrared 1 (SWIR1) and NIR, MNDWI green and SWIR1.</source>
        <translation>Các chỉ số cần ghi, mỗi chỉ số là một kênh. NDVI và SAVI dùng kênh đỏ và cận hồng ngoại (NIR), NDWI dùng kênh lục và NIR, NDBI dùng hồng ngoại sóng ngắn 1 (SWIR1) và NIR, MNDWI dùng kênh lục và SWIR1.</translation>
    </message>
    <message>
        <source>Inner breaks of the method Manual in ascending order, in the factor&apos;s unit: two breaks, such as -0.05, 0.05, make three classes. They suit one factor; for several use RULES. Other methods do not use it.</source>
        <translation>Các ngưỡng trong của phương pháp Thủ công theo thứ tự tăng dần, theo đơn vị của yếu tố: hai ngưỡng, chẳng hạn -0.05, 0.05, tạo thành ba cấp. Phù hợp với một yếu tố; với nhiều yếu tố thì dùng RULES. Các phương pháp khác không dùng tham số này.</translation>
    </message>
    <message>
        <source>Inner breaks of the method Manual in ascending order, such as 0.2, 0.4, 0.6, 0.8 for five classes. Other methods do not use it.</source>
        <translation>Các ngưỡng trong của phương pháp Thủ công theo thứ tự tăng dần, chẳng hạn 0.2, 0.4, 0.6, 0.8 cho năm cấp. Các phương pháp khác không dùng tham số này.</translation>
    </message>
    <message>
        <source>Inside</source>
        <translation>Bên trong</translation>
    </message>
    <message>
        <source>Inspect panel</source>
        <translation>Bảng tra cứu</translation>
    </message>
    <message>
        <source>Inspecting a place</source>
        <translation>Tra cứu một vị trí</translation>
    </message>
    <message>
        <source>Inventory: points, multipoints or polygons of subsidence. Of a layer with a field &apos;label&apos; only features of label 1 count.</source>
        <translation>Hiện trạng: điểm, đa điểm hoặc vùng sụt lún. Với lớp có trường &apos;label&apos;, chỉ tính các đối tượng có nhãn 1.</translation>
    </message>
    <message>
        <source>Inverse penalty of the logistic regression (scikit-learn&apos;s C): smaller values pull the coefficients towards 0, the default practically not.</source>
        <translation>Nghịch đảo hệ số phạt của hồi quy logistic (C trong scikit-learn): giá trị nhỏ hơn kéo các hệ số về 0, giá trị mặc định hầu như không có tác dụng này.</translation>
    </message>
    <message>
        <source>It takes the same samples as the algorithms that train networks and writes the same kind of model file, so that maps, validation and explanation work alike. It learns from the rows whose field split is train; validation and test rows are only reported. Random forest and gradient boosting are those of the package scikit-learn.</source>
        <translation>Thuật toán nhận cùng loại mẫu với các thuật toán huấn luyện mạng và ghi ra cùng loại tệp mô hình, nên việc lập bản đồ, kiểm định và giải thích được thực hiện như nhau. Mô hình học từ các dòng có trường split là train; các dòng kiểm định và kiểm tra chỉ dùng để báo cáo. Rừng ngẫu nhiên và gradient boosting lấy từ gói scikit-learn.</translation>
    </message>
    <message>
        <source>It works tile by tile, so that rasters of any size fit into memory.</source>
        <translation>Xử lý theo từng mảnh nên raster kích thước bất kỳ đều vừa bộ nhớ.</translation>
    </message>
    <message>
        <source>Land subsidence</source>
        <translation>Sụt lún đất</translation>
    </message>
    <message>
        <source>Land subsidence at {place}</source>
        <translation>Sụt lún đất tại {place}</translation>
    </message>
    <message>
        <source>Land subsidence: example area</source>
        <translation>Sụt lún đất: khu vực ví dụ</translation>
    </message>
    <message>
        <source>Land subsidence: help</source>
        <translation>Sụt lún đất: trợ giúp</translation>
    </message>
    <message>
        <source>Large errors cluster (1 % false discoveries)</source>
        <translation>Cụm sai số lớn (1 % phát hiện sai)</translation>
    </message>
    <message>
        <source>Large errors cluster (5 % false discoveries)</source>
        <translation>Cụm sai số lớn (5 % phát hiện sai)</translation>
    </message>
    <message>
        <source>Largest standard error of a value: {error}.</source>
        <translation>Sai số chuẩn lớn nhất của một giá trị: {error}.</translation>
    </message>
    <message>
        <source>Largest |base value + sum − prediction|</source>
        <translation>Giá trị lớn nhất của |giá trị nền + tổng − dự đoán|</translation>
    </message>
    <message>
        <source>Layer made by it</source>
        <translation>Lớp được tạo bởi mô hình</translation>
    </message>
    <message>
        <source>Layer of &apos;Extract samples&apos;: the fields label (1 subsidence, 0 none), split (train, validation or test) and one numeric field for each factor. Incomplete rows are left out.</source>
        <translation>Lớp của &apos;Trích xuất mẫu&apos;: các trường label (1 sụt lún, 0 không), split (train, validation hoặc test) và một trường số cho mỗi yếu tố. Các dòng thiếu dữ liệu bị bỏ qua.</translation>
    </message>
    <message>
        <source>Least distance between two absence points, in map units of the inventory (metres where its CRS is in degrees); 0 for none.</source>
        <translation>Khoảng cách tối thiểu giữa hai điểm không sụt lún, theo đơn vị bản đồ của lớp hiện trạng (mét nếu CRS tính bằng độ); 0 là không giới hạn.</translation>
    </message>
    <message>
        <source>Least distance of absence points from subsidence, in map units of the inventory (metres where its CRS is in degrees); 0 for none.</source>
        <translation>Khoảng cách tối thiểu từ điểm không sụt lún đến nơi sụt lún, theo đơn vị bản đồ của lớp hiện trạng (mét nếu CRS tính bằng độ); 0 là không giới hạn.</translation>
    </message>
    <message>
        <source>Least distance to any subsidence, in map units of the inventory (metres where its CRS is in degrees); 0 for none.</source>
        <translation>Khoảng cách tối thiểu đến mọi nơi sụt lún, theo đơn vị bản đồ của lớp hiện trạng (mét nếu CRS tính bằng độ); 0 là không giới hạn.</translation>
    </message>
    <message>
        <source>Least number of points of each track in a cell; cells with fewer are left out.</source>
        <translation>Số điểm tối thiểu của mỗi quỹ đạo trong một ô; ô có ít điểm hơn bị bỏ qua.</translation>
    </message>
    <message>
        <source>Left out</source>
        <translation>Bị bỏ qua</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>Mức</translation>
    </message>
    <message>
        <source>Level by spread</source>
        <translation>Mức theo độ phân tán</translation>
    </message>
    <message>
        <source>Levels of the ensemble</source>
        <translation>Các mức của tổ hợp</translation>
    </message>
    <message>
        <source>Lines and areas</source>
        <translation>Đường và vùng</translation>
    </message>
    <message>
        <source>Lists the Python packages that the plugin uses, with version and folder, says which are missing, too old or broken, and names the device (GPU or CPU) on which networks will be computed.</source>
        <translation>Liệt kê các gói Python mà plugin sử dụng, kèm phiên bản và thư mục, cho biết gói nào thiếu, quá cũ hoặc bị hỏng, và nêu thiết bị (GPU hoặc CPU) sẽ dùng để tính toán các mạng.</translation>
    </message>
    <message>
        <source>Loading runs no code of the file, so a file from an unknown source does no harm. A damaged file is named as such.</source>
        <translation>Khi nạp, không đoạn mã nào trong tệp được thực thi, nên tệp từ nguồn không rõ cũng không gây hại. Tệp bị hỏng sẽ được báo rõ.</translation>
    </message>
    <message>
        <source>Low</source>
        <translation>Thấp</translation>
    </message>
    <message>
        <source>Low level × high spread</source>
        <translation>Mức thấp × phân tán cao</translation>
    </message>
    <message>
        <source>Low level × low spread</source>
        <translation>Mức thấp × phân tán thấp</translation>
    </message>
    <message>
        <source>Low level × medium spread</source>
        <translation>Mức thấp × phân tán trung bình</translation>
    </message>
    <message>
        <source>Lower end of the prediction interval, one band for each future date, in mm. Needs a forecaster with calibrated intervals.</source>
        <translation>Cận dưới của khoảng dự báo, mỗi ngày tương lai một kênh, đơn vị mm. Cần mô hình dự báo có khoảng dự báo đã hiệu chuẩn.</translation>
    </message>
    <message>
        <source>Make it anew</source>
        <translation>Tạo lại</translation>
    </message>
    <message>
        <source>Makes a synthetic delta area whose truth is known: the 19 conditioning factors of the Hanoi paper, an inventory of subsidence points and vertical InSAR time series, to try and test the whole plugin.</source>
        <translation>Tạo một vùng châu thổ nhân tạo có giá trị thực đã biết: 19 yếu tố ảnh hưởng của bài báo về Hà Nội, hiện trạng các điểm sụt lún và chuỗi thời gian InSAR theo phương thẳng đứng, để thử nghiệm và kiểm tra toàn bộ plugin.</translation>
    </message>
    <message>
        <source>Makes an invented area of hills, rivers and towns where the ground sinks for known reasons: 19 conditioning factors, points where it sinks, InSAR time series, and the true probability, so that you can see how near a map comes to the truth.</source>
        <translation>Tạo một khu vực giả định có đồi, sông và thị trấn, nơi mặt đất sụt lún do các nguyên nhân đã biết: 19 yếu tố ảnh hưởng, các điểm sụt lún, chuỗi thời gian InSAR và xác suất thực, để thấy được bản đồ gần với thực tế đến mức nào.</translation>
    </message>
    <message>
        <source>Makes terrain factors from a digital elevation model (DEM): elevation, slope, aspect, curvature and the topographic wetness index (TWI), as the bands of one factor stack.</source>
        <translation>Tạo các yếu tố địa hình từ mô hình số độ cao (DEM): độ cao, độ dốc, hướng sườn, độ cong và chỉ số ẩm địa hình (TWI), là các kênh của một chồng lớp yếu tố.</translation>
    </message>
    <message>
        <source>Makes vegetation, water and built-up indices from the bands of Landsat or another satellite: one multi-band raster with the bands ndvi, ndwi, ndbi, mndwi and savi, as chosen.</source>
        <translation>Tạo các chỉ số thực vật, nước và đất xây dựng từ các kênh của Landsat hoặc vệ tinh khác: một raster đa kênh gồm các kênh ndvi, ndwi, ndbi, mndwi và savi, tùy theo lựa chọn.</translation>
    </message>
    <message>
        <source>Making the area …</source>
        <translation>Đang tạo khu vực …</translation>
    </message>
    <message>
        <source>Maximum distance (map units)</source>
        <translation>Khoảng cách tối đa (đơn vị bản đồ)</translation>
    </message>
    <message>
        <source>Measures a model on rows that it was not trained on, in random folds and in spatial folds side by side, and measures baselines in the very same folds.</source>
        <translation>Đánh giá mô hình trên các dòng không dùng để huấn luyện, song song với các phần (fold) ngẫu nhiên và các phần không gian, đồng thời đánh giá các mô hình đối chứng trên đúng những phần đó.</translation>
    </message>
    <message>
        <source>Median over the members, one band for each future date, in mm since the first date of the stack (float32); nodata where the stack has too few values.</source>
        <translation>Trung vị của các thành viên, mỗi ngày tương lai một kênh, tính bằng mm kể từ ngày đầu tiên của chồng lớp (float32); nodata ở nơi chồng lớp có quá ít giá trị.</translation>
    </message>
    <message>
        <source>Median pruning: after a warm-up ({warm_up}) a trial that does worse than the median of the trials before it at the same point is ended. It saves time; slow learners may be lost.</source>
        <translation>Cắt tỉa theo trung vị: sau giai đoạn khởi động ({warm_up}), lần thử nào kém hơn trung vị của các lần thử trước đó tại cùng thời điểm thì bị kết thúc. Cách này tiết kiệm thời gian; các cấu hình học chậm có thể bị mất.</translation>
    </message>
    <message>
        <source>Medium</source>
        <translation>Trung bình</translation>
    </message>
    <message>
        <source>Medium level × high spread</source>
        <translation>Mức trung bình × phân tán cao</translation>
    </message>
    <message>
        <source>Medium level × low spread</source>
        <translation>Mức trung bình × phân tán thấp</translation>
    </message>
    <message>
        <source>Medium level × medium spread</source>
        <translation>Mức trung bình × phân tán trung bình</translation>
    </message>
    <message>
        <source>Medium: 600 × 500 cells, 25 MB, some seconds</source>
        <translation>Vừa: 600 × 500 ô, 25 MB, vài giây</translation>
    </message>
    <message>
        <source>Members count as equally likely. The shares are probabilities only as far as the ensemble covers what can happen; an ensemble of similar models agrees too readily.</source>
        <translation>Các thành viên được coi là có khả năng như nhau. Tỷ lệ chỉ là xác suất trong chừng mực tổ hợp bao quát được những gì có thể xảy ra; tổ hợp của các mô hình giống nhau quá dễ đồng thuận.</translation>
    </message>
    <message>
        <source>Members of the forecast</source>
        <translation>Các thành viên của dự báo</translation>
    </message>
    <message>
        <source>Memory does not grow with the rasters.</source>
        <translation>Bộ nhớ không tăng theo kích thước raster.</translation>
    </message>
    <message>
        <source>Model bias: check data</source>
        <translation>Sai lệch mô hình: kiểm tra dữ liệu</translation>
    </message>
    <message>
        <source>Model file with the best TOP trials as members of one ensemble, for &apos;Forecast deformation&apos;.</source>
        <translation>Tệp mô hình gồm TOP lần thử tốt nhất làm thành viên của một tổ hợp, dùng cho &apos;Dự báo biến dạng&apos;.</translation>
    </message>
    <message>
        <source>Model file with the trained networks and their description, for &apos;Forecast deformation&apos;.</source>
        <translation>Tệp mô hình gồm các mạng đã huấn luyện và phần mô tả, dùng cho &apos;Dự báo biến dạng&apos;.</translation>
    </message>
    <message>
        <source>Model files (*.safetensors)</source>
        <translation>Tệp mô hình (*.safetensors)</translation>
    </message>
    <message>
        <source>Moderate</source>
        <translation>Trung bình</translation>
    </message>
    <message>
        <source>Names from the column metric with commas between them, for example AUC, Kappa; &apos;all&apos; takes all that the groups have in common. Every metric adds comparisons, which makes each harder to prove. Empty: those of AUC, ACC, Kappa, RMSE, MAE and R2 that there are.</source>
        <translation>Các tên trong cột metric, cách nhau bằng dấu phẩy, ví dụ AUC, Kappa; &apos;all&apos; lấy mọi chỉ số đánh giá chung của các nhóm. Mỗi chỉ số đánh giá làm tăng số phép so sánh, khiến từng so sánh khó chứng minh hơn. Để trống: những chỉ số đánh giá có sẵn trong số AUC, ACC, Kappa, RMSE, MAE và R2.</translation>
    </message>
    <message>
        <source>Names of factors or covariates</source>
        <translation>Tên các yếu tố hoặc biến phụ trợ</translation>
    </message>
    <message>
        <source>Needed for a forecaster trained with covariates: a raster on the grid of the stack whose bands have the names of these covariates. Empty: none.</source>
        <translation>Cần cho mô hình dự báo được huấn luyện với biến phụ trợ: raster trên lưới của chồng lớp, các kênh mang tên của những biến này. Để trống: không có.</translation>
    </message>
    <message>
        <source>Needed for the two rasters only; bands are matched to the model&apos;s factors by name. To save time, clip it to the area of interest or resample it before. Empty: no rasters.</source>
        <translation>Chỉ cần cho hai raster; các kênh được ghép với yếu tố của mô hình theo tên. Để tiết kiệm thời gian, nên cắt theo vùng quan tâm hoặc lấy mẫu lại trước. Để trống: không có raster.</translation>
    </message>
    <message>
        <source>Networks take class codes as ordered numbers, so each band is marked &lt;i&gt;kind=continuous, ordinal=yes&lt;/i&gt;. What it was before stands in &lt;i&gt;source_kind&lt;/i&gt;, its rule in &lt;i&gt;rule&lt;/i&gt;. To train on categories without an order, train on the factor stack.</source>
        <translation>Mạng coi mã cấp là các số có thứ tự, vì vậy mỗi kênh được đánh dấu &lt;i&gt;kind=continuous, ordinal=yes&lt;/i&gt;. Loại trước đó của kênh nằm trong &lt;i&gt;source_kind&lt;/i&gt;, quy tắc nằm trong &lt;i&gt;rule&lt;/i&gt;. Để huấn luyện trên các danh mục không có thứ tự, dùng chồng lớp yếu tố.</translation>
    </message>
    <message>
        <source>New here? Choose &lt;b&gt;Plugins ▸ Land subsidence ▸ Open example project…&lt;/b&gt;: it makes a small area whose truth is known and opens it as a map. Then run {susceptibility} or {forecast}: each goes the whole way by itself, with one dialog.</source>
        <translation>Mới dùng lần đầu? Chọn &lt;b&gt;Các phần mở rộng ▸ Land subsidence ▸ Mở dự án ví dụ…&lt;/b&gt;: lệnh này tạo một khu vực nhỏ có giá trị thực đã biết và mở nó dưới dạng bản đồ. Sau đó chạy {susceptibility} hoặc {forecast}: mỗi quy trình tự thực hiện trọn vẹn các bước, chỉ với một hộp thoại.</translation>
    </message>
    <message>
        <source>No cluster</source>
        <translation>Không có cụm</translation>
    </message>
    <message>
        <source>No layer of this plugin has a value here. Results are recognised by their metadata, time series by their fields of dates (DYYYYMMDD).</source>
        <translation>Không lớp nào của plugin này có giá trị tại đây. Kết quả được nhận biết qua siêu dữ liệu, chuỗi thời gian qua các trường ngày (DYYYYMMDD).</translation>
    </message>
    <message>
        <source>No subsidence</source>
        <translation>Không sụt lún</translation>
    </message>
    <message>
        <source>No subsidence, test</source>
        <translation>Không sụt lún, kiểm tra</translation>
    </message>
    <message>
        <source>No subsidence, training</source>
        <translation>Không sụt lún, huấn luyện</translation>
    </message>
    <message>
        <source>No subsidence, validation</source>
        <translation>Không sụt lún, kiểm định</translation>
    </message>
    <message>
        <source>Number of absence points</source>
        <translation>Số điểm không sụt lún</translation>
    </message>
    <message>
        <source>Number of cells</source>
        <translation>Số ô lưới</translation>
    </message>
    <message>
        <source>Number of classes of each factor</source>
        <translation>Số cấp của mỗi yếu tố</translation>
    </message>
    <message>
        <source>Number of classes of each factor, for the methods Jenks, quantile, equal interval and standard deviation.</source>
        <translation>Số cấp của mỗi yếu tố, dùng cho các phương pháp Jenks, phân vị, khoảng bằng nhau và độ lệch chuẩn.</translation>
    </message>
    <message>
        <source>Number of classes; the methods Manual and Breaks of the Hanoi paper do not use it.</source>
        <translation>Số cấp; phương pháp Thủ công và Ngưỡng phân cấp của bài báo về Hà Nội không dùng tham số này.</translation>
    </message>
    <message>
        <source>Number of dates</source>
        <translation>Số mốc thời gian</translation>
    </message>
    <message>
        <source>Number of finished trials (completed or pruned) in all; those of earlier runs of the study and of other computers count. A grid ends with its last combination.</source>
        <translation>Tổng số lần thử đã kết thúc (hoàn thành hoặc bị cắt tỉa), tính cả lần thử của các lần chạy trước trong nghiên cứu (study) và của máy tính khác. Tìm kiếm theo lưới kết thúc khi hết tổ hợp tham số.</translation>
    </message>
    <message>
        <source>Number of folds for cross-validation, in the field &apos;fold&apos; (1, 2, …), made by the same method as the split.</source>
        <translation>Số phần (fold) kiểm định chéo, ghi trong trường &apos;fold&apos; (1, 2, …), tạo theo cùng phương pháp với cách chia.</translation>
    </message>
    <message>
        <source>Number of folds trained at the same time, each in a process of its own with one thread; at most as many as there are processor cores. The result is the same with any number.</source>
        <translation>Số phần (fold) được huấn luyện cùng lúc, mỗi phần trong một tiến trình riêng với một luồng; tối đa bằng số lõi của bộ xử lý. Kết quả không phụ thuộc vào số này.</translation>
    </message>
    <message>
        <source>Number of future dates</source>
        <translation>Số mốc thời gian tương lai</translation>
    </message>
    <message>
        <source>Number of models to train, with the seeds SEED, SEED + 1 and so on. All go into the model file as an ensemble: prediction takes their mean and can write their spread.</source>
        <translation>Số mô hình cần huấn luyện, với các hạt giống SEED, SEED + 1, v.v. Tất cả được ghi vào tệp mô hình dưới dạng tổ hợp: dự đoán lấy giá trị trung bình của chúng và có thể ghi ra độ phân tán.</translation>
    </message>
    <message>
        <source>Number of natural-breaks (Jenks) classes of each continuous factor.</source>
        <translation>Số cấp theo ngưỡng tự nhiên (Jenks) của mỗi yếu tố liên tục.</translation>
    </message>
    <message>
        <source>Number of pairs above the threshold</source>
        <translation>Số cặp vượt ngưỡng</translation>
    </message>
    <message>
        <source>Number of parts of the samples; each is left out once.</source>
        <translation>Số phần chia của mẫu; mỗi phần được loại ra một lần.</translation>
    </message>
    <message>
        <source>Number of points</source>
        <translation>Số điểm</translation>
    </message>
    <message>
        <source>Number of stable points</source>
        <translation>Số điểm ổn định</translation>
    </message>
    <message>
        <source>Number of the best trials that become the members of ENSEMBLE.</source>
        <translation>Số lần thử tốt nhất trở thành thành viên của ENSEMBLE.</translation>
    </message>
    <message>
        <source>Number of the green band</source>
        <translation>Số thứ tự kênh lục</translation>
    </message>
    <message>
        <source>Number of the near infrared band</source>
        <translation>Số thứ tự kênh cận hồng ngoại</translation>
    </message>
    <message>
        <source>Number of the red band</source>
        <translation>Số thứ tự kênh đỏ</translation>
    </message>
    <message>
        <source>Number of the shortwave infrared band 1</source>
        <translation>Số thứ tự kênh hồng ngoại sóng ngắn 1</translation>
    </message>
    <message>
        <source>Number of times that the best trial is trained in the end, with the seeds SEED, SEED + 1 and so on. All go into the model file as an ensemble, and each into the runs table.</source>
        <translation>Số lần huấn luyện lại lần thử tốt nhất ở bước cuối, với các hạt giống SEED, SEED + 1, v.v. Tất cả được ghi vào tệp mô hình dưới dạng tổ hợp, và từng mạng được ghi vào bảng các lần chạy.</translation>
    </message>
    <message>
        <source>Number of times that the samples are cut into folds, with the seeds SEED, SEED + 1 and so on. Each model is trained partitions × folds × 2 times.</source>
        <translation>Số lần phân chia mẫu thành các phần (fold), với các hạt giống SEED, SEED + 1, v.v. Mỗi mô hình được huấn luyện số lần phân chia × số phần × 2 lần.</translation>
    </message>
    <message>
        <source>Number of training samples</source>
        <translation>Số mẫu huấn luyện</translation>
    </message>
    <message>
        <source>Number of validation samples</source>
        <translation>Số mẫu kiểm định</translation>
    </message>
    <message>
        <source>Numeric field with 1 for subsidence and 0 for none. Empty: label.</source>
        <translation>Trường số có giá trị 1 là sụt lún và 0 là không sụt lún. Để trống: label.</translation>
    </message>
    <message>
        <source>Numeric field with the fold of every sample, where the spatial folds come from a field. Empty: fold.</source>
        <translation>Trường số chứa phần (fold) của từng mẫu, dùng khi các phần không gian lấy từ một trường. Để trống: fold.</translation>
    </message>
    <message>
        <source>Of a GPU the memory is told, of a CPU the number of cores, and of both whether bfloat16 is fast there.</source>
        <translation>Với GPU cho biết dung lượng bộ nhớ, với CPU cho biết số lõi, và với cả hai cho biết bfloat16 có chạy nhanh trên đó hay không.</translation>
    </message>
    <message>
        <source>Of a susceptibility model the log lists the factors with their kinds and ranges in training, the number of rows and the metrics. Of a forecaster it lists window, horizon, dates, the skill beside the simple forecasts, and the calibrated intervals.</source>
        <translation>Với mô hình tính nhạy cảm, nhật ký liệt kê các yếu tố kèm loại và khoảng giá trị khi huấn luyện, số dòng và các chỉ số đánh giá. Với mô hình dự báo, nhật ký liệt kê cửa sổ, tầm dự báo, các ngày, độ cải thiện (skill) so với các dự báo đơn giản và các khoảng dự báo đã hiệu chuẩn.</translation>
    </message>
    <message>
        <source>Of grids beyond 192 × 192 cells, tiles drawn at random are used as far as memory allows.</source>
        <translation>Với lưới lớn hơn 192 × 192 ô, các mảnh lấy ngẫu nhiên được sử dụng trong giới hạn bộ nhớ cho phép.</translation>
    </message>
    <message>
        <source>Of several rasters of several bands (the steps of forecasts) the band to take of each. Empty: the rasters have one band, or one raster has one band for each member.</source>
        <translation>Khi có nhiều raster đa kênh (các bước dự báo), đây là kênh cần lấy của từng raster. Để trống: các raster có một kênh, hoặc một raster có mỗi thành viên một kênh.</translation>
    </message>
    <message>
        <source>Of susceptibility the probability takes the place of |d|.</source>
        <translation>Với tính nhạy cảm, xác suất thay cho |d|.</translation>
    </message>
    <message>
        <source>On the members of &lt;i&gt;Forecast deformation&lt;/i&gt; or &lt;i&gt;Predict susceptibility&lt;/i&gt;, or on any two or more rasters on one grid. Next: &lt;i&gt;Monitoring priority&lt;/i&gt;.</source>
        <translation>Dùng cho các thành viên của &lt;i&gt;Dự báo biến dạng&lt;/i&gt; hoặc &lt;i&gt;Dự đoán tính nhạy cảm&lt;/i&gt;, hoặc cho từ hai raster bất kỳ trở lên trên cùng một lưới. Tiếp theo: &lt;i&gt;Ưu tiên quan trắc&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>One band every so many days from the first date on, interpolated in time where there is no acquisition. Empty: the bands are the dates of the layer.</source>
        <translation>Mỗi kênh cách nhau số ngày này kể từ ngày đầu tiên, nội suy theo thời gian ở những ngày không có ảnh chụp. Để trống: các kênh là các ngày của lớp.</translation>
    </message>
    <message>
        <source>One band for each factor (float32); needs FACTORS. Base value (in the metadata) and bands add up to the prediction at every pixel.</source>
        <translation>Mỗi yếu tố một kênh (float32); cần FACTORS. Giá trị nền (trong siêu dữ liệu) cộng với các kênh bằng giá trị dự đoán tại mọi điểm ảnh.</translation>
    </message>
    <message>
        <source>One band for each forecast: 1 small errors cluster, 2 no cluster, 3 and 4 large errors cluster (at most 5 and 1 % false discoveries); 0 is nodata.</source>
        <translation>Mỗi dự báo một kênh: 1 là cụm sai số nhỏ, 2 là không có cụm, 3 và 4 là cụm sai số lớn (tối đa 5 và 1 % phát hiện sai); 0 là nodata.</translation>
    </message>
    <message>
        <source>One band for each level: the share of the members in it. The bands sum to 1.</source>
        <translation>Mỗi mức một kênh: tỷ lệ thành viên thuộc mức đó. Tổng các kênh bằng 1.</translation>
    </message>
    <message>
        <source>One band for each member at the date of STEP, in mm: the input of &apos;Ensemble uncertainty&apos;.</source>
        <translation>Mỗi thành viên một kênh tại ngày của STEP, đơn vị mm: đầu vào của &apos;Độ bất định của tổ hợp&apos;.</translation>
    </message>
    <message>
        <source>One band for each quantile (P85, P95, P99): the share of the members, 0 to 1, that reach it.</source>
        <translation>Mỗi phân vị một kênh (P85, P95, P99): tỷ lệ thành viên, từ 0 đến 1, đạt tới phân vị đó.</translation>
    </message>
    <message>
        <source>One name=value in each line (or after a comma); what is left out keeps its default, given here with the range. {hyperparameters}; training: {settings}. Empty: all defaults.</source>
        <translation>Mỗi dòng một cặp tên=giá trị (hoặc cách nhau bằng dấu phẩy); mục không nêu giữ giá trị mặc định, được ghi ở đây kèm khoảng cho phép. {hyperparameters}; huấn luyện: {settings}. Để trống: mọi giá trị mặc định.</translation>
    </message>
    <message>
        <source>One or several rasters in mm with one band for each date (the output of &apos;Forecast deformation&apos;, or bands named 2024-06-30), or with a single band. The names of the layers name the forecasts.</source>
        <translation>Một hoặc nhiều raster đơn vị mm, mỗi ngày một kênh (đầu ra của &apos;Dự báo biến dạng&apos;, hoặc các kênh có tên dạng 2024-06-30), hoặc chỉ có một kênh. Tên lớp được dùng làm tên dự báo.</translation>
    </message>
    <message>
        <source>One or several tables with the columns model, configuration, seed, split, metric and value: the output RUNS of the training and tuning algorithms (GPKG or CSV).</source>
        <translation>Một hoặc nhiều bảng có các cột model, configuration, seed, split, metric và value: đầu ra RUNS của các thuật toán huấn luyện và tinh chỉnh (GPKG hoặc CSV).</translation>
    </message>
    <message>
        <source>One point layer (of at most 1,500 points) and one raster are visible. The other layers are switched off; switch on what the map shall show.</source>
        <translation>Một lớp điểm (tối đa 1500 điểm) và một raster được hiển thị. Các lớp khác được tắt; bật những lớp cần thể hiện trên bản đồ.</translation>
    </message>
    <message>
        <source>One raster with one band for each member (the output MEMBERS), or several rasters of one band each, all on the same grid.</source>
        <translation>Một raster có mỗi thành viên một kênh (đầu ra MEMBERS), hoặc nhiều raster đơn kênh, tất cả trên cùng một lưới.</translation>
    </message>
    <message>
        <source>Open example project</source>
        <translation>Mở dự án ví dụ</translation>
    </message>
    <message>
        <source>Open example project…</source>
        <translation>Mở dự án ví dụ…</translation>
    </message>
    <message>
        <source>Open it</source>
        <translation>Mở</translation>
    </message>
    <message>
        <source>Open my copy</source>
        <translation>Mở bản sao của tôi</translation>
    </message>
    <message>
        <source>Open this tool…</source>
        <translation>Mở công cụ này…</translation>
    </message>
    <message>
        <source>Other folds</source>
        <translation>Các phần (fold) khác</translation>
    </message>
    <message>
        <source>Other maps</source>
        <translation>Các bản đồ khác</translation>
    </message>
    <message>
        <source>Outside: the model extrapolates</source>
        <translation>Bên ngoài: mô hình ngoại suy</translation>
    </message>
    <message>
        <source>P means that the exceedance probability is high, R that the size of the residual is high, U that the spread is high. Each is high from its own quantile on, over the cells valid in all rasters, and above its minimum. Low spread is by default the lowest third, as in the bivariate map.</source>
        <translation>P nghĩa là xác suất vượt ngưỡng cao, R là độ lớn phần dư cao, U là độ phân tán cao. Mỗi đại lượng được coi là cao kể từ phân vị riêng của nó, tính trên các ô có giá trị trong mọi raster, và phải lớn hơn giá trị nhỏ nhất. Độ phân tán thấp theo mặc định là một phần ba thấp nhất, như trong bản đồ hai biến.</translation>
    </message>
    <message>
        <source>Pairs whose |Pearson&apos;s r| is larger are listed in the log and framed in the report.</source>
        <translation>Các cặp có |hệ số Pearson r| lớn hơn giá trị này được liệt kê trong nhật ký và đóng khung trong báo cáo.</translation>
    </message>
    <message>
        <source>Pairs without a baseline</source>
        <translation>Các cặp khi không có tham chiếu</translation>
    </message>
    <message>
        <source>Part of the samples to explain, by the split field; without one all rows are explained.</source>
        <translation>Tập con của mẫu cần giải thích, theo trường split; nếu không có trường này thì giải thích mọi dòng.</translation>
    </message>
    <message>
        <source>Passes over the training rows in a network&apos;s trial; early stopping usually ends before.</source>
        <translation>Số lượt duyệt các dòng huấn luyện trong mỗi lần thử của mạng; dừng sớm thường kết thúc trước đó.</translation>
    </message>
    <message>
        <source>Paths of layers are relative, so the project can be moved together with its data.</source>
        <translation>Đường dẫn của các lớp là tương đối, nên có thể di chuyển dự án cùng với dữ liệu.</translation>
    </message>
    <message>
        <source>Percentage of the cells that are not high: with 85, the highest 15 % of the cells of each raster are high.</source>
        <translation>Tỷ lệ phần trăm số ô không thuộc loại cao: với 85, 15 % số ô có giá trị lớn nhất của mỗi raster là cao.</translation>
    </message>
    <message>
        <source>Percentage of the cells whose spread is low, at most QUANTILE. The same value as QUANTILE makes every spread that is not high a low one; class 4 is then empty without LEVELS.</source>
        <translation>Tỷ lệ phần trăm số ô có độ phân tán thấp, tối đa bằng QUANTILE. Nếu bằng QUANTILE, mọi độ phân tán không cao đều là thấp; khi đó cấp 4 trống nếu không có LEVELS.</translation>
    </message>
    <message>
        <source>Percentage of the true values that shall lie between LOWER and UPPER. The calibration of a forecaster usually reaches from 50 to 98 %.</source>
        <translation>Tỷ lệ phần trăm giá trị thực cần nằm giữa LOWER và UPPER. Hiệu chuẩn của mô hình dự báo thường bao phủ từ 50 đến 98 %.</translation>
    </message>
    <message>
        <source>Pick a place</source>
        <translation>Chọn vị trí</translation>
    </message>
    <message>
        <source>Points are thinned to a least distance, or to one a cell. Of points too near to each other the one of the best quality stays; without a quality field the one that moves most, and of stable points the one that moves least.</source>
        <translation>Các điểm được làm thưa theo khoảng cách tối thiểu, hoặc mỗi ô một điểm. Trong các điểm quá gần nhau, điểm có chất lượng tốt nhất được giữ lại; nếu không có trường chất lượng thì giữ điểm dịch chuyển nhiều nhất, còn với điểm ổn định thì giữ điểm dịch chuyển ít nhất.</translation>
    </message>
    <message>
        <source>Points drawn where the ground subsides. Empty: 4,698, as in the paper, from 2000 × 1500 cells on; below in proportion to the side of the area, at least 400.</source>
        <translation>Số điểm lấy ở nơi mặt đất sụt lún. Để trống: 4698 như trong bài báo, với khu vực từ 2000 × 1500 ô trở lên; nhỏ hơn thì tỷ lệ với cạnh của khu vực, ít nhất là 400.</translation>
    </message>
    <message>
        <source>Points lie above susceptibility classes, these above probability, and factors lie below. A layer that is open keeps its style; another takes that of the .qml file beside it.</source>
        <translation>Lớp điểm nằm trên các cấp tính nhạy cảm, các cấp nằm trên xác suất, và các yếu tố nằm dưới cùng. Lớp đang mở giữ nguyên kiểu hiển thị; lớp khác lấy kiểu từ tệp .qml đi kèm.</translation>
    </message>
    <message>
        <source>Points or a table with one numeric field for each factor of every model (matched by name), a label and a split.</source>
        <translation>Lớp điểm hoặc bảng có một trường số cho mỗi yếu tố của mọi mô hình (ghép theo tên), trường nhãn và trường chia mẫu.</translation>
    </message>
    <message>
        <source>Points outside the stack, points where a factor has no data, and further points in the same cell are dropped and counted in the log. Polygons become the cells that they cover.</source>
        <translation>Các điểm nằm ngoài chồng lớp, các điểm ở chỗ một yếu tố không có dữ liệu và các điểm thừa trong cùng một ô bị loại và được đếm trong nhật ký. Vùng được chuyển thành các ô mà nó bao phủ.</translation>
    </message>
    <message>
        <source>Points that a cell needs</source>
        <translation>Số điểm mà một ô cần có</translation>
    </message>
    <message>
        <source>Points with a field DYYYYMMDD for each date, in mm, as &apos;Import InSAR time series&apos; writes them.</source>
        <translation>Lớp điểm có mỗi ngày một trường DYYYYMMDD, đơn vị mm, như &apos;Nhập chuỗi thời gian InSAR&apos; ghi ra.</translation>
    </message>
    <message>
        <source>Points with a numeric field for each date, in mm and in any order, named D20200103 (or 20200103, 2020-01-03).</source>
        <translation>Lớp điểm có mỗi ngày một trường số, đơn vị mm, thứ tự bất kỳ, có tên dạng D20200103 (hoặc 20200103, 2020-01-03).</translation>
    </message>
    <message>
        <source>Points with a velocity, best the vertical one.</source>
        <translation>Lớp điểm có vận tốc, tốt nhất là vận tốc theo phương thẳng đứng.</translation>
    </message>
    <message>
        <source>Points with label 0, to be given to &apos;Absence points&apos; as candidates.</source>
        <translation>Các điểm có nhãn 0, dùng làm điểm ứng viên cho &apos;Điểm không sụt lún&apos;.</translation>
    </message>
    <message>
        <source>Points with label 1, for &apos;Absence points&apos;.</source>
        <translation>Các điểm có nhãn 1, dùng cho &apos;Điểm không sụt lún&apos;.</translation>
    </message>
    <message>
        <source>Points with label, split, fold and one field for each factor.</source>
        <translation>Lớp điểm có các trường label, split, fold và mỗi yếu tố một trường.</translation>
    </message>
    <message>
        <source>Points with the columns of the table and one field for each date (mm). A shapefile is refused, since it cuts field names. Only GPKG keeps the metadata.</source>
        <translation>Lớp điểm gồm các cột của bảng và mỗi ngày một trường (mm). Không chấp nhận shapefile vì định dạng này cắt ngắn tên trường. Chỉ GPKG giữ được siêu dữ liệu.</translation>
    </message>
    <message>
        <source>Points with the east displacement (mm), one field for each date.</source>
        <translation>Lớp điểm chứa chuyển dịch hướng đông (mm), mỗi ngày một trường.</translation>
    </message>
    <message>
        <source>Points with the field label: 1 for subsidence, 0 for absence.</source>
        <translation>Lớp điểm có trường label: 1 là sụt lún, 0 là không sụt lún.</translation>
    </message>
    <message>
        <source>Points with the vertical displacement (mm), one field for each date.</source>
        <translation>Lớp điểm chứa chuyển dịch theo phương thẳng đứng (mm), mỗi ngày một trường.</translation>
    </message>
    <message>
        <source>Points within</source>
        <translation>Các điểm trong phạm vi</translation>
    </message>
    <message>
        <source>Points, multipoints or polygons in any CRS. Every cell whose centre lies inside a polygon becomes a sample, and at least one cell for each polygon.</source>
        <translation>Điểm, đa điểm hoặc vùng với CRS bất kỳ. Mỗi ô có tâm nằm trong vùng trở thành một mẫu, và mỗi vùng có ít nhất một ô.</translation>
    </message>
    <message>
        <source>Polygons of subsidence become points on a square grid this far apart, in map units of the inventory (metres where its CRS is in degrees), at least one in each polygon. Empty: the cells of the mask raster, or one point for each polygon where there is none.</source>
        <translation>Vùng sụt lún được chuyển thành các điểm trên lưới ô vuông với khoảng cách này, theo đơn vị bản đồ của lớp hiện trạng (mét nếu CRS tính bằng độ), ít nhất một điểm trong mỗi vùng. Để trống: theo các ô của raster mặt nạ, hoặc mỗi vùng một điểm nếu không có raster này.</translation>
    </message>
    <message>
        <source>Polygons with classes, such as a geological map. Several polygon layers: run again with the factor stack of the first run as a raster. Empty: none.</source>
        <translation>Lớp vùng có phân loại, chẳng hạn bản đồ địa chất. Nếu có nhiều lớp vùng: chạy lại và dùng chồng lớp yếu tố của lần chạy đầu làm raster. Để trống: không có.</translation>
    </message>
    <message>
        <source>Predicted minus observed, as &apos;Residuals of forecasts&apos; makes it, signed or absolute: its size counts, and several bands are averaged. Empty: nowhere high.</source>
        <translation>Giá trị dự báo trừ quan trắc, như &apos;Phần dư của dự báo&apos; tạo ra, có dấu hoặc tuyệt đối: chỉ tính độ lớn, và nhiều kênh được lấy trung bình. Để trống: không có nơi nào cao.</translation>
    </message>
    <message>
        <source>Predicted minus observed, in mm. Of one forecast one band for each date; of several one band for each forecast, the mean over the dates.</source>
        <translation>Giá trị dự báo trừ quan trắc, đơn vị mm. Với một dự báo, mỗi ngày một kênh; với nhiều dự báo, mỗi dự báo một kênh là trung bình theo các ngày.</translation>
    </message>
    <message>
        <source>Prediction {prediction}, from the mean {mean} (dashed)</source>
        <translation>Giá trị dự đoán {prediction}, xuất phát từ trung bình {mean} (nét đứt)</translation>
    </message>
    <message>
        <source>Preparing to inspect places</source>
        <translation>Đang chuẩn bị tra cứu vị trí</translation>
    </message>
    <message>
        <source>Priority: {label}</source>
        <translation>Ưu tiên: {label}</translation>
    </message>
    <message>
        <source>Probability of subsidence {value}</source>
        <translation>Xác suất sụt lún {value}</translation>
    </message>
    <message>
        <source>Put the probability into five classes.</source>
        <translation>Phân xác suất thành năm cấp.</translation>
    </message>
    <message>
        <source>Put the values of every factor into classes.</source>
        <translation>Phân giá trị của mọi yếu tố thành các cấp.</translation>
    </message>
    <message>
        <source>Puts result layers into a QGIS project, named, ordered, grouped and styled, with an A4 print layout that has title, legend, scale bar, north arrow and coordinates.</source>
        <translation>Đưa các lớp kết quả vào một dự án QGIS, có tên, thứ tự, nhóm và kiểu hiển thị, kèm trang in khổ A4 có tiêu đề, chú giải, thước tỷ lệ, mũi tên chỉ bắc và tọa độ.</translation>
    </message>
    <message>
        <source>QGIS could not open the project {path}.</source>
        <translation>QGIS không mở được dự án {path}.</translation>
    </message>
    <message>
        <source>QGIS&apos;s own plugin &apos;Processing&apos; is needed: enable it under Plugins ▸ Manage.</source>
        <translation>Cần plugin &apos;Processing&apos; có sẵn của QGIS: bật trong Các phần mở rộng ▸ Quản lý và Cài đặt Phần mở rộng.</translation>
    </message>
    <message>
        <source>Quantiles are exact, also of rasters that do not fit into memory.</source>
        <translation>Các phân vị là chính xác, kể cả với raster không vừa bộ nhớ.</translation>
    </message>
    <message>
        <source>Quantiles rank the cells of one map, so some cells come out high in a stable area too. Read the classes beside the median in mm. Where members differ in proportion to the deformation, no high cell has a low spread and class 1 stays empty.</source>
        <translation>Phân vị xếp hạng các ô của một bản đồ, nên ngay cả khu vực ổn định cũng có một số ô ở mức cao. Cần đọc các cấp cùng với trung vị tính bằng mm. Khi chênh lệch giữa các thành viên tỷ lệ với biến dạng, không ô mức cao nào có độ phân tán thấp và cấp 1 luôn trống.</translation>
    </message>
    <message>
        <source>RMSE of this forecast (mm)</source>
        <translation>RMSE của dự báo này (mm)</translation>
    </message>
    <message>
        <source>Raster of &apos;Predict susceptibility&apos;, or another; its first band is classified, whatever its range of values.</source>
        <translation>Raster của &apos;Dự đoán tính nhạy cảm&apos; hoặc raster khác; kênh đầu tiên được phân cấp, với khoảng giá trị bất kỳ.</translation>
    </message>
    <message>
        <source>Raster of its own for wavelengths around {low} to {high} µm (band {number} of Landsat 8 and 9). Its first band is read in place of the multi-band raster. Only needed for an index that uses it. Empty: the multi-band raster.</source>
        <translation>Raster riêng cho bước sóng khoảng {low} đến {high} µm (kênh {number} của Landsat 8 và 9). Kênh đầu tiên của raster này được đọc thay cho raster đa kênh. Chỉ cần cho chỉ số có dùng đến nó. Để trống: raster đa kênh.</translation>
    </message>
    <message>
        <source>Raster of the 19 factors, one band each, with names, kinds and units; holes are nodata.</source>
        <translation>Raster của 19 yếu tố, mỗi yếu tố một kênh, có tên, loại và đơn vị; chỗ trống là nodata.</translation>
    </message>
    <message>
        <source>Raster of the classes 1 to 7; 0 is nodata.</source>
        <translation>Raster các cấp từ 1 đến 7; 0 là nodata.</translation>
    </message>
    <message>
        <source>Raster of the green band</source>
        <translation>Raster kênh lục</translation>
    </message>
    <message>
        <source>Raster of the index: 0 is like a training row, 1 is as far as training rows are from each other on average; nodata where the model has no prediction either.</source>
        <translation>Raster của chỉ số: 0 là giống một dòng huấn luyện, 1 là xa bằng khoảng cách trung bình giữa các dòng huấn luyện; nodata ở nơi mô hình cũng không có dự đoán.</translation>
    </message>
    <message>
        <source>Raster of the near infrared band</source>
        <translation>Raster kênh cận hồng ngoại</translation>
    </message>
    <message>
        <source>Raster of the red band</source>
        <translation>Raster kênh đỏ</translation>
    </message>
    <message>
        <source>Raster of the shortwave infrared band 1</source>
        <translation>Raster kênh hồng ngoại sóng ngắn 1</translation>
    </message>
    <message>
        <source>Raster of the standard deviation of the members&apos; probabilities (divided by their number); needs a model of several members.</source>
        <translation>Raster độ lệch chuẩn của xác suất giữa các thành viên (mẫu số là số thành viên); cần mô hình có nhiều thành viên.</translation>
    </message>
    <message>
        <source>Raster of whole-number classes: susceptibility classes, or a class stack with one band for each factor.</source>
        <translation>Raster các cấp là số nguyên: các cấp tính nhạy cảm, hoặc chồng lớp phân cấp có mỗi yếu tố một kênh.</translation>
    </message>
    <message>
        <source>Raster that holds the bands, for example a stack of Landsat bands 1 to 7. Empty: each band is a raster of its own.</source>
        <translation>Raster chứa các kênh, ví dụ chồng lớp Landsat kênh 1 đến 7. Để trống: mỗi kênh là một raster riêng.</translation>
    </message>
    <message>
        <source>Raster whose CRS, cells and extent are taken; CRS, cell size and extent then stay empty. Empty: the grid follows from these.</source>
        <translation>Raster để lấy CRS, ô lưới và phạm vi; khi đó CRS, kích thước ô và phạm vi để trống. Để trống: lưới được xác định theo ba tham số này.</translation>
    </message>
    <message>
        <source>Raster whose bands are numbers that may matter for deformation and do not change with time (lithology as shares, thickness of soft soil, distance to wells), on the cells of INPUT. Cells that lack a value in any band are left out. A forecast needs bands of the same names. Empty: none.</source>
        <translation>Raster có các kênh là giá trị số có thể ảnh hưởng đến biến dạng và không đổi theo thời gian (thạch học dưới dạng tỷ lệ, bề dày đất yếu, khoảng cách đến giếng), trên các ô của INPUT. Ô thiếu giá trị ở bất kỳ kênh nào bị bỏ qua. Khi dự báo cần các kênh cùng tên. Để trống: không có.</translation>
    </message>
    <message>
        <source>Raster with 1 inside and 0 outside, where the model extrapolates; 255 is nodata.</source>
        <translation>Raster có giá trị 1 ở bên trong và 0 ở bên ngoài, nơi mô hình ngoại suy; 255 là nodata.</translation>
    </message>
    <message>
        <source>Raster with one band for each date, in mm (float32); nodata where no point is within reach.</source>
        <translation>Raster có mỗi ngày một kênh, đơn vị mm (float32); nodata ở nơi không có điểm trong tầm với.</translation>
    </message>
    <message>
        <source>Raster with one band for each date, in mm: the output of &apos;Grid InSAR deformation&apos;.</source>
        <translation>Raster có mỗi ngày một kênh, đơn vị mm: đầu ra của &apos;Nội suy lưới biến dạng InSAR&apos;.</translation>
    </message>
    <message>
        <source>Raster with one band for each factor, as &apos;Align factors&apos; or &apos;Reclassify factors&apos; writes it. Band descriptions become field names.</source>
        <translation>Raster có mỗi yếu tố một kênh, như &apos;Đồng nhất các yếu tố&apos; hoặc &apos;Phân cấp lại các yếu tố&apos; ghi ra. Mô tả kênh được dùng làm tên trường.</translation>
    </message>
    <message>
        <source>Raster with one band for each factor, for example from &apos;Align factors&apos;.</source>
        <translation>Raster có mỗi yếu tố một kênh, ví dụ từ &apos;Đồng nhất các yếu tố&apos;.</translation>
    </message>
    <message>
        <source>Raster with one band for each factor, named as in the samples on which the model was trained.</source>
        <translation>Raster có mỗi yếu tố một kênh, đặt tên như trong mẫu đã dùng để huấn luyện mô hình.</translation>
    </message>
    <message>
        <source>Raster with one band for each factor, named as in the samples.</source>
        <translation>Raster có mỗi yếu tố một kênh, đặt tên như trong mẫu.</translation>
    </message>
    <message>
        <source>Raster with one band of probabilities for each member of the model.</source>
        <translation>Raster có mỗi thành viên của mô hình một kênh xác suất.</translation>
    </message>
    <message>
        <source>Rasters are worked out tile by tile and may have any size. They take some hundred predictions for each pixel; the log says how many pixels per second.</source>
        <translation>Raster được tính theo từng mảnh và có thể có kích thước bất kỳ. Mỗi điểm ảnh cần vài trăm lần dự đoán; nhật ký cho biết số điểm ảnh mỗi giây.</translation>
    </message>
    <message>
        <source>Rasters of codes, such as land cover or geology; they are never averaged. Empty: none.</source>
        <translation>Raster mã số, chẳng hạn lớp phủ mặt đất hoặc địa chất; không bao giờ bị lấy trung bình. Để trống: không có.</translation>
    </message>
    <message>
        <source>Rasters of measured values, such as elevation, rainfall or groundwater depth. A band whose metadata says &apos;kind=categorical&apos; (in a factor stack made here) stays categorical. Empty: none.</source>
        <translation>Raster giá trị đo, chẳng hạn độ cao, lượng mưa hoặc độ sâu nước dưới đất. Kênh có siêu dữ liệu &apos;kind=categorical&apos; (trong chồng lớp yếu tố tạo tại đây) vẫn giữ là phân loại. Để trống: không có.</translation>
    </message>
    <message>
        <source>Rasters, vector layers and tables that are saved in files; at least one.</source>
        <translation>Raster, lớp vector và bảng được lưu trong tệp; ít nhất một.</translation>
    </message>
    <message>
        <source>Read from the layer &apos;{layer}&apos;.</source>
        <translation>Đọc từ lớp &apos;{layer}&apos;.</translation>
    </message>
    <message>
        <source>Read the forecaster report first: it says whether the network beats simple forecasts on these data.</source>
        <translation>Nên đọc báo cáo mô hình dự báo trước: báo cáo cho biết mạng có vượt các dự báo đơn giản trên dữ liệu này hay không.</translation>
    </message>
    <message>
        <source>Read the time series of InSAR points.</source>
        <translation>Đọc chuỗi thời gian của các điểm InSAR.</translation>
    </message>
    <message>
        <source>Reading {count} layers …</source>
        <translation>Đang đọc {count} lớp …</translation>
    </message>
    <message>
        <source>Reads InSAR time series from csv or zip files into a point layer with one field a date (DYYYYMMDD), the mean velocity and its quality.</source>
        <translation>Đọc chuỗi thời gian InSAR từ tệp csv hoặc zip vào một lớp điểm có mỗi ngày một trường (DYYYYMMDD), vận tốc trung bình và chất lượng.</translation>
    </message>
    <message>
        <source>Reads the value of every factor at subsidence and absence points, and divides the points into training, validation and, if wanted, test parts and into folds for cross-validation.</source>
        <translation>Đọc giá trị của mọi yếu tố tại các điểm sụt lún và không sụt lún, rồi chia các điểm thành tập huấn luyện, kiểm định và, nếu cần, kiểm tra, cũng như thành các phần (fold) để kiểm định chéo.</translation>
    </message>
    <message>
        <source>Recalibration is never measured on the rows that it was fitted on. Test rows are taken where there are some; else the validation rows are recalibrated fold by fold, each by a fit on the others. The model file remembers its rows, so that this holds in later runs, too.</source>
        <translation>Việc hiệu chuẩn lại không bao giờ được đánh giá trên các dòng đã dùng để khớp nó. Các dòng kiểm tra được dùng nếu có; nếu không, các dòng kiểm định được hiệu chuẩn lại theo từng phần (fold), mỗi phần bằng phép khớp trên các phần còn lại. Tệp mô hình ghi nhớ các dòng của nó, nên nguyên tắc này vẫn giữ trong các lần chạy sau.</translation>
    </message>
    <message>
        <source>Recalibration makes probabilities come true: of all places with 0.7, seven in ten subside. It is fitted on the validation rows of one model, stored in a copy of its file, and applied whenever that file maps or is validated.</source>
        <translation>Hiệu chuẩn lại làm cho xác suất đúng với thực tế: trong tất cả các nơi có giá trị 0.7, cứ mười nơi thì bảy nơi sụt lún. Phép hiệu chuẩn được khớp trên các dòng kiểm định của một mô hình, lưu trong bản sao của tệp mô hình và áp dụng mỗi khi tệp đó được dùng để lập bản đồ hoặc được kiểm định.</translation>
    </message>
    <message>
        <source>Reflectances from −0.1 to 0 count as 0, and those from 1 to 1.2 as 1. Values farther off become nodata, and so do cells where both bands of an index reflect nothing. Clouds are not masked.</source>
        <translation>Độ phản xạ từ −0.1 đến 0 được tính là 0, và từ 1 đến 1.2 được tính là 1. Các giá trị xa hơn thành nodata, cũng như các ô mà cả hai kênh của chỉ số đều không phản xạ. Mây không được che.</translation>
    </message>
    <message>
        <source>Reports are HTML pages: &lt;b&gt;Processing ▸ Results Viewer&lt;/b&gt; lists those of this session. A model is a .safetensors file: {info} tells what it was trained on and with which figures. &lt;b&gt;Processing ▸ History&lt;/b&gt; holds every run with its values.</source>
        <translation>Báo cáo là các trang HTML: &lt;b&gt;Xử lý (Processing) ▸ Trình xem kết quả (Results Viewer)&lt;/b&gt; liệt kê các báo cáo của phiên làm việc này. Mô hình là một tệp .safetensors: {info} cho biết mô hình được huấn luyện trên dữ liệu nào và đạt các chỉ số ra sao. &lt;b&gt;Xử lý (Processing) ▸ Lịch sử (History)&lt;/b&gt; lưu mọi lần chạy cùng các giá trị.</translation>
    </message>
    <message>
        <source>Residuals at points</source>
        <translation>Phần dư tại điểm</translation>
    </message>
    <message>
        <source>Robust high: intervene first</source>
        <translation>Cao và chắc chắn: can thiệp trước tiên</translation>
    </message>
    <message>
        <source>Routine: low-frequency inspection</source>
        <translation>Thường lệ: kiểm tra tần suất thấp</translation>
    </message>
    <message>
        <source>Rows of the rasters.</source>
        <translation>Số hàng của các raster.</translation>
    </message>
    <message>
        <source>Rows or cells that lack a factor are left out for all factors. Categorical factors, such as lithology and land use, have no correlation coefficient and are left out. Class codes of a class stack count as ordered numbers where the factor had an order. Factors of one value only are left out too.</source>
        <translation>Các dòng hoặc ô thiếu một yếu tố bị bỏ qua đối với mọi yếu tố. Yếu tố phân loại, chẳng hạn thạch học và sử dụng đất, không có hệ số tương quan và bị bỏ qua. Mã cấp của chồng lớp phân cấp được tính là số có thứ tự nếu yếu tố vốn có thứ tự. Yếu tố chỉ có một giá trị cũng bị bỏ qua.</translation>
    </message>
    <message>
        <source>Rows that one model cannot judge are left out for all. Of an ensemble the mean probability of the members is scored, of a recalibrated model the recalibrated one.</source>
        <translation>Các dòng mà một mô hình không đánh giá được bị bỏ qua đối với mọi mô hình. Với tổ hợp, xác suất trung bình của các thành viên được đánh giá; với mô hình đã hiệu chuẩn lại, xác suất sau hiệu chuẩn lại được đánh giá.</translation>
    </message>
    <message>
        <source>Rows with the same model and the same configuration form one group. Tables that repeat model, configuration and seed with other values (trained on other samples or factors) are told apart by their file names.</source>
        <translation>Các dòng có cùng mô hình và cùng cấu hình tạo thành một nhóm. Các bảng lặp lại cùng mô hình, cấu hình và hạt giống nhưng có giá trị khác (huấn luyện trên mẫu hoặc yếu tố khác) được phân biệt theo tên tệp.</translation>
    </message>
    <message>
        <source>Runs differ by their seed alone. A significant difference is no accident of the initial weights (or of the folds), but may still be one of the samples or the area. More comparisons make each harder to prove, so ask for the metrics that matter.</source>
        <translation>Các lần chạy chỉ khác nhau ở hạt giống ngẫu nhiên. Khác biệt có ý nghĩa không phải do ngẫu nhiên của trọng số ban đầu (hoặc của các phần (fold)), nhưng vẫn có thể do mẫu hoặc khu vực. Càng nhiều phép so sánh thì từng so sánh càng khó chứng minh, vì vậy chỉ nên chọn các chỉ số đánh giá cần thiết.</translation>
    </message>
    <message>
        <source>Runs the whole forecasting chain at once: from InSAR points through a tuned ensemble to forecast maps, their uncertainty, their residuals and a map of monitoring priority.</source>
        <translation>Chạy toàn bộ chuỗi dự báo trong một lần: từ các điểm InSAR qua tổ hợp đã tinh chỉnh đến bản đồ dự báo, độ bất định, phần dư và bản đồ ưu tiên quan trắc.</translation>
    </message>
    <message>
        <source>Runs the whole susceptibility chain in one go: from a factor stack and an inventory of subsidence to a trained network (DRDN), a classified map and its figures.</source>
        <translation>Chạy toàn bộ chuỗi đánh giá tính nhạy cảm trong một lần: từ chồng lớp yếu tố và hiện trạng sụt lún đến mạng đã huấn luyện (DRDN), bản đồ phân cấp và các số liệu đánh giá.</translation>
    </message>
    <message>
        <source>SHAP values are estimated from random orders of the factors, taken forwards and backwards, with standard errors. All types of model are explained in the same way. A categorical factor is one factor, however many inputs it has.</source>
        <translation>Giá trị SHAP được ước lượng từ các thứ tự ngẫu nhiên của các yếu tố, lấy theo chiều xuôi và chiều ngược, kèm sai số chuẩn. Mọi loại mô hình được giải thích theo cùng một cách. Yếu tố phân loại được tính là một yếu tố, dù có bao nhiêu đầu vào.</translation>
    </message>
    <message>
        <source>SHAP values of samples</source>
        <translation>Giá trị SHAP của mẫu</translation>
    </message>
    <message>
        <source>SHAP values of this place</source>
        <translation>Giá trị SHAP tại vị trí này</translation>
    </message>
    <message>
        <source>Samples are split at random, as in the Hanoi paper. Neighbouring points are alike, so that the figures of validation points flatter the map of places without samples.</source>
        <translation>Mẫu được chia ngẫu nhiên như trong bài báo về Hà Nội. Các điểm lân cận giống nhau, nên số liệu tại các điểm kiểm định làm đẹp kết quả của bản đồ ở những nơi không có mẫu.</translation>
    </message>
    <message>
        <source>Samples of &apos;Extract samples&apos;, or another layer with one numeric field for each factor. Give either this or FACTORS.</source>
        <translation>Mẫu của &apos;Trích xuất mẫu&apos;, hoặc lớp khác có một trường số cho mỗi yếu tố. Chỉ cung cấp lớp này hoặc FACTORS.</translation>
    </message>
    <message>
        <source>Samples other than those that the model was trained on are refused. Bands are matched by name in any order, and classes are made by the model&apos;s rules as in &lt;i&gt;Predict susceptibility&lt;/i&gt;. A model of classes cannot show values beyond the training range, which fall into an end class; it shows new combinations.</source>
        <translation>Mẫu khác với mẫu đã dùng để huấn luyện mô hình sẽ không được chấp nhận. Các kênh được ghép theo tên với thứ tự bất kỳ, và các cấp được tạo theo quy tắc của mô hình như trong &lt;i&gt;Dự đoán tính nhạy cảm&lt;/i&gt;. Mô hình dùng dữ liệu phân cấp không thể hiện được giá trị vượt khoảng huấn luyện, vì chúng rơi vào cấp đầu hoặc cấp cuối; mô hình này chỉ thể hiện được các tổ hợp mới.</translation>
    </message>
    <message>
        <source>Save another copy</source>
        <translation>Lưu một bản sao khác</translation>
    </message>
    <message>
        <source>Search the tools</source>
        <translation>Tìm công cụ</translation>
    </message>
    <message>
        <source>Searches the hyperparameters of a forecaster by the loss on the validation dates and joins the best trials to one ensemble.</source>
        <translation>Tìm các siêu tham số của mô hình dự báo theo hàm mất mát tại các ngày kiểm định và ghép các lần thử tốt nhất thành một tổ hợp.</translation>
    </message>
    <message>
        <source>Searches the hyperparameters of a network or a baseline by grid search, random search or TPE (tree-structured Parzen estimator), and trains the best ones found.</source>
        <translation>Tìm các siêu tham số của mạng hoặc mô hình đối chứng bằng tìm kiếm theo lưới, tìm kiếm ngẫu nhiên hoặc TPE (bộ ước lượng Parzen dạng cây), và huấn luyện với bộ tốt nhất tìm được.</translation>
    </message>
    <message>
        <source>See where forecasts were wrong on dates kept back.</source>
        <translation>Xem dự báo sai ở đâu tại những ngày được giữ lại.</translation>
    </message>
    <message>
        <source>See where the members of an ensemble disagree, and where to measure first.</source>
        <translation>Xem các thành viên của tổ hợp không thống nhất ở đâu, và cần quan trắc nơi nào trước.</translation>
    </message>
    <message>
        <source>Settings left empty take the values of the preset ({presets}). Preset &quot;Appendix B&quot; has the values that the Hanoi paper gives; where it gives none, ours fill the gap.</source>
        <translation>Các thiết lập để trống lấy giá trị của bộ thiết lập sẵn ({presets}). Bộ &quot;Phụ lục B&quot; có các giá trị mà bài báo về Hà Nội đưa ra; chỗ bài báo không nêu thì dùng giá trị của plugin.</translation>
    </message>
    <message>
        <source>Several points in one cell have the same factors and count as one. Where their labels differ, subsidence (1) wins.</source>
        <translation>Nhiều điểm trong cùng một ô có các yếu tố như nhau và được tính là một. Nếu nhãn khác nhau, sụt lún (1) được ưu tiên.</translation>
    </message>
    <message>
        <source>Share (0 to 1) of the points from which the reported figures of a model come; 0.3 in the Hanoi paper.</source>
        <translation>Tỷ lệ (0 đến 1) số điểm dùng để tính các số liệu được báo cáo của mô hình; bài báo về Hà Nội dùng 0.3.</translation>
    </message>
    <message>
        <source>Share (0 to 1) of the points kept apart from training and validation, for a last check; none in the Hanoi paper.</source>
        <translation>Tỷ lệ (0 đến 1) số điểm tách riêng khỏi huấn luyện và kiểm định để kiểm tra lần cuối; bài báo về Hà Nội không dùng.</translation>
    </message>
    <message>
        <source>Share (0 to 1) of the points that is kept from training and used for validation.</source>
        <translation>Tỷ lệ (0 đến 1) số điểm không dùng để huấn luyện mà dùng để kiểm định.</translation>
    </message>
    <message>
        <source>Share of all dates, just before the test dates. They choose the pass that is kept and calibrate the intervals; with 0 the last pass is kept and there are no intervals.</source>
        <translation>Tỷ lệ trên tổng số ngày, ngay trước các ngày kiểm tra. Các ngày này quyết định lượt huấn luyện được giữ lại và hiệu chuẩn các khoảng dự báo; nếu bằng 0 thì giữ lượt cuối cùng và không có khoảng dự báo.</translation>
    </message>
    <message>
        <source>Share of all dates, the last ones. They decide nothing, and the figures of the report are theirs.</source>
        <translation>Tỷ lệ trên tổng số ngày, tính từ những ngày cuối. Các ngày này không quyết định gì, và số liệu của báo cáo được tính trên chúng.</translation>
    </message>
    <message>
        <source>Share of chance findings among the significant ones that is accepted (false discovery rate); the confidence intervals cover 1 − ALPHA.</source>
        <translation>Tỷ lệ kết quả do ngẫu nhiên được chấp nhận trong số các kết quả có ý nghĩa (tỷ lệ phát hiện sai); các khoảng tin cậy bao phủ 1 − ALPHA.</translation>
    </message>
    <message>
        <source>Share of the last step that SGD keeps; Adam does not use it. Empty: the preset&apos;s.</source>
        <translation>Tỷ lệ của bước trước mà SGD giữ lại; Adam không dùng. Để trống: theo bộ thiết lập sẵn.</translation>
    </message>
    <message>
        <source>Shows where a map extrapolates: where the factors of a pixel are so unlike those of all training rows that the measured error of the model does not hold.</source>
        <translation>Cho thấy nơi bản đồ ngoại suy: nơi các yếu tố của điểm ảnh khác mọi dòng huấn luyện đến mức sai số đã đo của mô hình không còn đúng.</translation>
    </message>
    <message>
        <source>Side of a block in map units of the stack (metres in a metric CRS), for the split by square blocks only. Empty: a tenth of the extent of the points.</source>
        <translation>Cạnh của khối theo đơn vị bản đồ của chồng lớp (mét với CRS tính theo mét), chỉ dùng khi chia theo khối vuông. Để trống: một phần mười phạm vi của các điểm.</translation>
    </message>
    <message>
        <source>Side of a cell in map units of the ascending layer (metres where it is in degrees). Cells begin at multiples of it. 100 m is that of EGMS L3.</source>
        <translation>Cạnh của ô theo đơn vị bản đồ của lớp bay lên (mét nếu lớp tính bằng độ). Các ô bắt đầu tại bội số của giá trị này. 100 m là kích thước của EGMS L3.</translation>
    </message>
    <message>
        <source>Side of a cell in metres.</source>
        <translation>Cạnh của ô, tính bằng mét.</translation>
    </message>
    <message>
        <source>Side of a cell in metres; 12.5 is that of the paper&apos;s elevation model. Rivers, hills and towns keep their share of the area; hills of small areas are lower.</source>
        <translation>Cạnh của ô, tính bằng mét; 12.5 là của mô hình số độ cao trong bài báo. Sông, đồi và thị trấn giữ nguyên tỷ lệ diện tích trong khu vực; khu vực nhỏ thì đồi thấp hơn.</translation>
    </message>
    <message>
        <source>Side of a cell in units of the CRS (metres, or degrees). Empty: that of the first raster.</source>
        <translation>Cạnh của ô theo đơn vị của CRS (mét hoặc độ). Để trống: theo raster đầu tiên.</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Kích cỡ</translation>
    </message>
    <message>
        <source>Size of the residual in mm, of several dates their root mean square; one band for each forecast. &apos;Monitoring priority&apos; takes it as RESIDUAL.</source>
        <translation>Độ lớn của phần dư, đơn vị mm; với nhiều ngày là căn quân phương của chúng; mỗi dự báo một kênh. &apos;Ưu tiên quan trắc&apos; nhận kết quả này làm RESIDUAL.</translation>
    </message>
    <message>
        <source>Skill of this forecast against persistence</source>
        <translation>Độ cải thiện (skill) của dự báo này so với dự báo giữ nguyên giá trị cuối (persistence)</translation>
    </message>
    <message>
        <source>Small errors cluster (5 % false discoveries)</source>
        <translation>Cụm sai số nhỏ (5 % phát hiện sai)</translation>
    </message>
    <message>
        <source>Small: 300 × 250 cells, 7 MB, some seconds</source>
        <translation>Nhỏ: 300 × 250 ô, 7 MB, vài giây</translation>
    </message>
    <message>
        <source>So many networks are trained, with the seeds SEED, SEED + 1 and so on. All go into the model file as an ensemble: the forecast is their median, and their spread can be mapped.</source>
        <translation>Số mạng được huấn luyện, với các hạt giống SEED, SEED + 1, v.v. Tất cả được ghi vào tệp mô hình dưới dạng tổ hợp: dự báo là trung vị của chúng, và có thể lập bản đồ độ phân tán.</translation>
    </message>
    <message>
        <source>So many of the best trials become the members of the ensemble; the paper takes 10.</source>
        <translation>Số lần thử tốt nhất trở thành thành viên của tổ hợp; bài báo lấy 10.</translation>
    </message>
    <message>
        <source>Spatial encoders (CNN, GCN, ResNet) and temporal encoders (LSTM, Transformer) make the six architectures of the paper.</source>
        <translation>Các bộ mã hóa không gian (CNN, GCN, ResNet) và bộ mã hóa thời gian (LSTM, Transformer) tạo thành sáu kiến trúc của bài báo.</translation>
    </message>
    <message>
        <source>Spatial folds follow Brenning (2012). The size of blocks comes from the semivariograms of the factors unless it is given: the median distance at which samples stop resembling each other, or less where that would leave too few blocks.</source>
        <translation>Các phần (fold) không gian theo Brenning (2012). Kích thước khối lấy từ bán phương sai đồ (semivariogram) của các yếu tố nếu không được cho trước: trung vị của khoảng cách mà từ đó các mẫu không còn giống nhau, hoặc nhỏ hơn nếu cách này để lại quá ít khối.</translation>
    </message>
    <message>
        <source>Spread of the forecast</source>
        <translation>Độ phân tán của dự báo</translation>
    </message>
    <message>
        <source>Spread of the members</source>
        <translation>Độ phân tán của các thành viên</translation>
    </message>
    <message>
        <source>Stable points are of the same quality as those of subsidence. All points are in the CRS of the input, with the fields label (1 subsidence, 0 stable), velocity (mm/yr) and quality. The Hanoi paper begins with 4,698 points of multi-temporal InSAR.</source>
        <translation>Các điểm ổn định có cùng chất lượng với các điểm sụt lún. Mọi điểm đều trong CRS của đầu vào, với các trường label (1 sụt lún, 0 ổn định), velocity (mm/yr) và quality. Bài báo về Hà Nội xuất phát từ 4698 điểm InSAR đa thời gian.</translation>
    </message>
    <message>
        <source>Standard deviation over the members, one band for each future date, in mm. Needs a forecaster of several members.</source>
        <translation>Độ lệch chuẩn giữa các thành viên, mỗi ngày tương lai một kênh, đơn vị mm. Cần mô hình dự báo có nhiều thành viên.</translation>
    </message>
    <message>
        <source>Stored values become reflectances by scale and offset. With a wrong offset every index is wrong.</source>
        <translation>Giá trị lưu trữ được chuyển thành độ phản xạ bằng hệ số tỷ lệ và độ dời (offset). Nếu độ dời sai thì mọi chỉ số đều sai.</translation>
    </message>
    <message>
        <source>Subsidence depends on Holocene thickness, groundwater, Landsat band 5, engineering geology, hydrogeology and Landsat band 7, in this order, and on none of the other 13 factors. A sound explanation of a model finds this order again.</source>
        <translation>Sụt lún phụ thuộc vào bề dày Holocen, nước dưới đất, kênh Landsat 5, địa chất công trình, địa chất thủy văn và kênh Landsat 7, theo thứ tự này, và không phụ thuộc vào 13 yếu tố còn lại. Lời giải thích đúng về mô hình sẽ tìm lại được thứ tự này.</translation>
    </message>
    <message>
        <source>Subsidence, test</source>
        <translation>Sụt lún, kiểm tra</translation>
    </message>
    <message>
        <source>Subsidence, training</source>
        <translation>Sụt lún, huấn luyện</translation>
    </message>
    <message>
        <source>Subsidence, validation</source>
        <translation>Sụt lún, kiểm định</translation>
    </message>
    <message>
        <source>Susceptibility</source>
        <translation>Tính nhạy cảm</translation>
    </message>
    <message>
        <source>Susceptibility from 0 to 1 (first band), which makes the curves finer. Empty: the curves come from the classes.</source>
        <translation>Tính nhạy cảm từ 0 đến 1 (kênh đầu tiên), giúp các đường cong mịn hơn. Để trống: các đường cong được tính từ các cấp.</translation>
    </message>
    <message>
        <source>Susceptibility workflow in the Modeler</source>
        <translation>Quy trình đánh giá tính nhạy cảm trong Trình thiết kế mô hình</translation>
    </message>
    <message>
        <source>Table for &apos;Compare repeated runs&apos; with model, configuration (manual or the search), seed, split, metric and value of single networks, with the defaults and with the best values of each repeat.</source>
        <translation>Bảng cho &apos;So sánh các lần chạy lặp&apos; gồm model, configuration (manual hoặc phương pháp tìm kiếm), seed, split, metric và value của từng mạng đơn, với giá trị mặc định và với giá trị tốt nhất của mỗi lần lặp.</translation>
    </message>
    <message>
        <source>Table of the codes given to polygon texts: factor, code, text.</source>
        <translation>Bảng các mã gán cho giá trị chữ của vùng: factor, code, text.</translation>
    </message>
    <message>
        <source>Table of the ensemble and the simple forecasts with the columns part, step (0: all together), number of values, RMSE, MAE and bias in mm, R² of levels and of changes since the origin, and skill.</source>
        <translation>Bảng của tổ hợp và các dự báo đơn giản, với các cột part, step (0: gộp tất cả), số giá trị, RMSE, MAE và sai số hệ thống (bias) theo mm, R² của mức giá trị và của thay đổi kể từ ngày gốc, và độ cải thiện (skill).</translation>
    </message>
    <message>
        <source>Table with class, label, lower (exclusive), upper (inclusive), cells, area_km2, and the share (0 to 1) of the classified area.</source>
        <translation>Bảng gồm class, label, lower (không bao gồm), upper (bao gồm), cells, area_km2 và share (tỷ lệ 0 đến 1) trên diện tích được phân cấp.</translation>
    </message>
    <message>
        <source>Table with factor, class, lower (exclusive), upper (inclusive), label, cells, and the share (0 to 1) of the factor&apos;s valid cells.</source>
        <translation>Bảng gồm factor, class, lower (không bao gồm), upper (bao gồm), label, cells và share (tỷ lệ 0 đến 1) trên số ô có giá trị của yếu tố.</translation>
    </message>
    <message>
        <source>Table with model, configuration, seed, split, metric and value of every repeat of the best trial, for &apos;Compare repeated runs&apos;.</source>
        <translation>Bảng gồm model, configuration, seed, split, metric và value của mỗi lần lặp với lần thử tốt nhất, dùng cho &apos;So sánh các lần chạy lặp&apos;.</translation>
    </message>
    <message>
        <source>Table with model, configuration, seed, split, metric and value of every single model, for &apos;Compare repeated runs&apos; over several repeats.</source>
        <translation>Bảng gồm model, configuration, seed, split, metric và value của từng mô hình đơn, dùng cho &apos;So sánh các lần chạy lặp&apos; qua nhiều lần lặp.</translation>
    </message>
    <message>
        <source>Table with model, configuration, seed, split, metric and value of every single network, for &apos;Compare repeated runs&apos;.</source>
        <translation>Bảng gồm model, configuration, seed, split, metric và value của từng mạng đơn, dùng cho &apos;So sánh các lần chạy lặp&apos;.</translation>
    </message>
    <message>
        <source>Table with model, configuration, seed, split, metric and value, for &apos;Compare repeated runs&apos;; a partition is a run.</source>
        <translation>Bảng gồm model, configuration, seed, split, metric và value, dùng cho &apos;So sánh các lần chạy lặp&apos;; mỗi lần phân chia là một lần chạy.</translation>
    </message>
    <message>
        <source>Table with one row for each class of each band.</source>
        <translation>Bảng có mỗi cấp của mỗi kênh một dòng.</translation>
    </message>
    <message>
        <source>Table with one row for each factor, the strongest first: rank, factor, kind, mean_abs_shap, share (of the sum over all factors), mean_shap, standard_error (of a row&apos;s value, root mean square) and direction (correlation of value and SHAP value, empty for categories).</source>
        <translation>Bảng có mỗi yếu tố một dòng, yếu tố mạnh nhất đứng đầu: rank, factor, kind, mean_abs_shap, share (tỷ lệ trên tổng của mọi yếu tố), mean_shap, standard_error (của giá trị một dòng, căn quân phương) và direction (tương quan giữa giá trị và giá trị SHAP, trống với yếu tố phân loại).</translation>
    </message>
    <message>
        <source>Table with one row for each factor: vif, tolerance and verdict.</source>
        <translation>Bảng có mỗi yếu tố một dòng: vif, tolerance và verdict.</translation>
    </message>
    <message>
        <source>Table with one row for each factor: weight, share in the distance of the pixels outside, and share of pixels beyond the training range.</source>
        <translation>Bảng có mỗi yếu tố một dòng: trọng số, tỷ lệ đóng góp vào khoảng cách của các điểm ảnh bên ngoài và tỷ lệ điểm ảnh vượt khoảng huấn luyện.</translation>
    </message>
    <message>
        <source>Table with one row for each forecast and date and one for all dates; with POINTS the same at the points.</source>
        <translation>Bảng có một dòng cho mỗi dự báo và mỗi ngày, và một dòng cho mọi ngày; có POINTS thì thêm các dòng tương tự tại các điểm.</translation>
    </message>
    <message>
        <source>Table with one row for each metric and pair: model and configuration of A (the reference) and B, runs, means and standard deviations (sd), gain with its interval (ci_low, ci_high) and bound in the metric&apos;s unit, gain and bound in percent of the mean of A, t, df, p, p_adjusted, significant (yes, no, not tested) and better.</source>
        <translation>Bảng có một dòng cho mỗi chỉ số đánh giá và mỗi cặp: mô hình và cấu hình của A (tham chiếu) và B, số lần chạy, trung bình và độ lệch chuẩn (sd), mức tăng kèm khoảng tin cậy (ci_low, ci_high) và cận theo đơn vị của chỉ số đánh giá, mức tăng và cận theo phần trăm trung bình của A, t, df, p, p_adjusted, significant (yes, no, not tested) và better.</translation>
    </message>
    <message>
        <source>Table with one row for each model and split.</source>
        <translation>Bảng có một dòng cho mỗi mô hình và mỗi phần chia (huấn luyện, kiểm định, kiểm tra).</translation>
    </message>
    <message>
        <source>Table with one row for each model, scheme, partition and fold: its rows, and its metrics (not in percent). AUC is empty where a fold has one label.</source>
        <translation>Bảng có một dòng cho mỗi mô hình, sơ đồ, lần phân chia và phần (fold): số dòng và các chỉ số đánh giá (không theo phần trăm). AUC trống khi một phần chỉ có một loại nhãn.</translation>
    </message>
    <message>
        <source>Table with one row for each package: bounds asked for, version, state, origin, folder and use.</source>
        <translation>Bảng có mỗi gói một dòng: giới hạn phiên bản yêu cầu, phiên bản, trạng thái, nguồn gốc, thư mục và công dụng.</translation>
    </message>
    <message>
        <source>Table with one row for each pair of models: AUCs on the judged rows, difference with its 95 % interval, z, p, and p adjusted for all pairs (Benjamini–Hochberg).</source>
        <translation>Bảng có mỗi cặp mô hình một dòng: AUC trên các dòng được đánh giá, hiệu số kèm khoảng tin cậy 95 %, z, p, và p hiệu chỉnh cho mọi cặp (Benjamini–Hochberg).</translation>
    </message>
    <message>
        <source>Table with one row for each pair: factor1, factor2, pearson, spearman, their p and stars, n (rows that the p-values assume) and above_threshold.</source>
        <translation>Bảng có mỗi cặp một dòng: factor1, factor2, pearson, spearman, giá trị p và dấu sao của chúng, n (số dòng mà giá trị p giả định) và above_threshold.</translation>
    </message>
    <message>
        <source>Table with repeat, epoch, loss, holdout_loss and holdout_auc of every epoch.</source>
        <translation>Bảng gồm repeat, epoch, loss, holdout_loss và holdout_auc của từng epoch.</translation>
    </message>
    <message>
        <source>Table with search, seed, trial, state, value, hyperparameters, seconds and worker of every trial.</source>
        <translation>Bảng gồm search, seed, trial, state, value, các siêu tham số, seconds và worker của từng lần thử.</translation>
    </message>
    <message>
        <source>Table with state, value, hyperparameters, seconds and worker of every trial.</source>
        <translation>Bảng gồm state, value, các siêu tham số, seconds và worker của từng lần thử.</translation>
    </message>
    <message>
        <source>Table with the columns class, label, condition, cells, area_km2 and share (0 to 1) of the valid area.</source>
        <translation>Bảng có các cột class, label, condition, cells, area_km2 và share (0 đến 1) trên diện tích có giá trị.</translation>
    </message>
    <message>
        <source>Table with the columns forecast (network and simple ones), part, step (0: all together), number of values, RMSE, MAE and bias in mm, R² of levels and of changes since the origin, and skill.</source>
        <translation>Bảng có các cột forecast (mạng và các dự báo đơn giản), part, step (0: gộp tất cả), số giá trị, RMSE, MAE và sai số hệ thống (bias) theo mm, R² của mức giá trị và của thay đổi kể từ ngày gốc, và độ cải thiện (skill).</translation>
    </message>
    <message>
        <source>Table with the columns level, name, bounds, cells, area_km2, share, mean confidence and mean spread.</source>
        <translation>Bảng có các cột level, name, bounds, cells, area_km2, share, độ tin cậy trung bình và độ phân tán trung bình.</translation>
    </message>
    <message>
        <source>Tables</source>
        <translation>Bảng</translation>
    </message>
    <message>
        <source>Tells how much denser subsidence is in each class than in the whole area: the share of events in the class divided by the share of area in the class.</source>
        <translation>Cho biết sụt lún ở mỗi cấp dày đặc hơn bao nhiêu so với toàn khu vực: tỷ lệ sự kiện trong cấp chia cho tỷ lệ diện tích của cấp.</translation>
    </message>
    <message>
        <source>Tells whether one model or configuration is really better than another, or whether the difference is within what another random seed would have given.</source>
        <translation>Cho biết một mô hình hoặc cấu hình có thực sự tốt hơn mô hình hoặc cấu hình khác không, hay sự khác biệt chỉ nằm trong mức do hạt giống ngẫu nhiên khác gây ra.</translation>
    </message>
    <message>
        <source>Tells which conditioning factors say the same: the correlation of every pair by Pearson and Spearman, with stars of significance, and the variance inflation factor (VIF) of every factor.</source>
        <translation>Cho biết các yếu tố ảnh hưởng nào mang cùng thông tin: tương quan Pearson và Spearman của từng cặp, kèm dấu sao chỉ mức ý nghĩa, và hệ số phóng đại phương sai (VIF) của từng yếu tố.</translation>
    </message>
    <message>
        <source>Text field with train, validation or test. Empty, or where the layer has no field &apos;split&apos;: all events are counted together.</source>
        <translation>Trường văn bản có giá trị train, validation hoặc test. Để trống, hoặc khi lớp không có trường &apos;split&apos;: mọi sự kiện được tính chung.</translation>
    </message>
    <message>
        <source>Text field with train, validation or test. Empty: all rows are explained.</source>
        <translation>Trường văn bản có giá trị train, validation hoặc test. Để trống: giải thích mọi dòng.</translation>
    </message>
    <message>
        <source>Text field with train, validation or test. Empty: all rows are scored together.</source>
        <translation>Trường văn bản có giá trị train, validation hoặc test. Để trống: mọi dòng được đánh giá chung.</translation>
    </message>
    <message>
        <source>The QGIS project with its print layout.</source>
        <translation>Dự án QGIS kèm trang in.</translation>
    </message>
    <message>
        <source>The SHAP value of a factor is what knowing this factor adds to the prediction, averaged over all orders in which the factors could become known. The base value is the mean prediction of the background rows. Base value and SHAP values of a place add up to its prediction.</source>
        <translation>Giá trị SHAP của một yếu tố là phần mà việc biết yếu tố này đóng góp thêm vào dự đoán, lấy trung bình trên mọi thứ tự mà các yếu tố có thể lần lượt được biết. Giá trị nền là dự đoán trung bình của các dòng nền. Giá trị nền cộng với các giá trị SHAP của một vị trí bằng dự đoán tại vị trí đó.</translation>
    </message>
    <message>
        <source>The area is a plain near Hanoi (UTM zone 48 N) with a meandering river, hills and a town. Units, ranges and correlations of the bands follow the paper.</source>
        <translation>Khu vực là một đồng bằng gần Hà Nội (UTM múi 48 N) có sông uốn khúc, đồi và một thị trấn. Đơn vị, khoảng giá trị và tương quan của các kênh theo bài báo.</translation>
    </message>
    <message>
        <source>The best trial is trained again on all training rows. On request the best trials become one ensemble, of ten members by default, as in the Rhineland paper.</source>
        <translation>Lần thử tốt nhất được huấn luyện lại trên mọi dòng huấn luyện. Nếu yêu cầu, các lần thử tốt nhất được ghép thành một tổ hợp, mặc định mười thành viên, như trong bài báo về Rhineland.</translation>
    </message>
    <message>
        <source>The classes 1, 2 and so on are the factors in the model&apos;s order; one more stands for none. Needs FACTORS.</source>
        <translation>Các cấp 1, 2, v.v. là các yếu tố theo thứ tự của mô hình; thêm một cấp nữa là không có yếu tố nào. Cần FACTORS.</translation>
    </message>
    <message>
        <source>The deformation stack (one band for each date, in mm) on the same grid. If it also holds the date before the forecast, the error is compared with that of persistence.</source>
        <translation>Chồng lớp biến dạng (mỗi ngày một kênh, đơn vị mm) trên cùng một lưới. Nếu có cả ngày trước kỳ dự báo, sai số được so sánh với sai số của dự báo giữ nguyên giá trị cuối (persistence).</translation>
    </message>
    <message>
        <source>The dissimilarity index of a pixel is its distance to the nearest training row, divided by the mean distance between training rows. Factors are standardised by the training rows and weighted by their importance, mean |SHAP| as in &lt;i&gt;Explain model&lt;/i&gt;. A categorical factor counts by its one-hot columns, each with the weight of the factor. Values beyond the training range, which a prediction clips, count here as they are.</source>
        <translation>Chỉ số khác biệt của một điểm ảnh là khoảng cách đến dòng huấn luyện gần nhất chia cho khoảng cách trung bình giữa các dòng huấn luyện. Các yếu tố được chuẩn hóa theo các dòng huấn luyện và lấy trọng số theo mức quan trọng, trung bình |SHAP| như trong &lt;i&gt;Giải thích mô hình&lt;/i&gt;. Yếu tố phân loại được tính theo các cột one-hot, mỗi cột mang trọng số của yếu tố. Các giá trị vượt khoảng huấn luyện, vốn bị cắt khi dự đoán, ở đây được giữ nguyên.</translation>
    </message>
    <message>
        <source>The elevation in metres without holes, as input of &apos;Topographic factors from a DEM&apos;.</source>
        <translation>Độ cao tính bằng mét, không có chỗ trống, làm đầu vào của &apos;Yếu tố địa hình từ DEM&apos;.</translation>
    </message>
    <message>
        <source>The events that the column frequency_ratio is made from, where there is a split; the paper takes validation events.</source>
        <translation>Các sự kiện dùng để tính cột frequency_ratio, khi có trường chia mẫu; bài báo dùng các sự kiện kiểm định.</translation>
    </message>
    <message>
        <source>The example could not be made.</source>
        <translation>Không tạo được ví dụ.</translation>
    </message>
    <message>
        <source>The example is in {folder}.</source>
        <translation>Ví dụ nằm trong {folder}.</translation>
    </message>
    <message>
        <source>The exceedance probability P85 is the share of members with |d| ≥ Q85; P95 and P99 likewise. Confidence is the share of members in the pixel&apos;s own level. Spread is the standard deviation of |d| over the members.</source>
        <translation>Xác suất vượt ngưỡng P85 là tỷ lệ thành viên có |d| ≥ Q85; P95 và P99 tương tự. Độ tin cậy là tỷ lệ thành viên thuộc cùng mức với điểm ảnh. Độ phân tán là độ lệch chuẩn của |d| giữa các thành viên.</translation>
    </message>
    <message>
        <source>The fields are those that InSAR viewers of QGIS expect for the curve of a point.</source>
        <translation>Các trường đúng như các công cụ xem InSAR của QGIS yêu cầu để vẽ đường cong của một điểm.</translation>
    </message>
    <message>
        <source>The first sentences of the report say which model is better and what the random split hides. The Hanoi paper reports a random split only.</source>
        <translation>Các câu đầu của báo cáo cho biết mô hình nào tốt hơn và cách chia ngẫu nhiên che giấu điều gì. Bài báo về Hà Nội chỉ báo cáo cách chia ngẫu nhiên.</translation>
    </message>
    <message>
        <source>The fitted model and its description.</source>
        <translation>Mô hình đã khớp và phần mô tả.</translation>
    </message>
    <message>
        <source>The folder {folder} cannot be made: {reason}.</source>
        <translation>Không tạo được thư mục {folder}: {reason}.</translation>
    </message>
    <message>
        <source>The folder {folder} has an example already.</source>
        <translation>Thư mục {folder} đã có sẵn một ví dụ.</translation>
    </message>
    <message>
        <source>The forecast is the median over the members of the ensemble. Like the stack it counts from the first date.</source>
        <translation>Dự báo là trung vị của các thành viên trong tổ hợp. Cũng như chồng lớp, giá trị được tính từ ngày đầu tiên.</translation>
    </message>
    <message>
        <source>The forecast minus the level at the origin (the last value known), one band for each future date, in mm: what is expected to be added, which a map since the first date hides.</source>
        <translation>Dự báo trừ giá trị tại ngày gốc (giá trị cuối cùng đã biết), mỗi ngày tương lai một kênh, đơn vị mm: phần dự kiến tăng thêm, điều mà bản đồ tính từ ngày đầu tiên không cho thấy.</translation>
    </message>
    <message>
        <source>The future date that MEMBERS shows: 1 is the first. Empty: the last.</source>
        <translation>Ngày tương lai mà MEMBERS thể hiện: 1 là ngày đầu tiên. Để trống: ngày cuối cùng.</translation>
    </message>
    <message>
        <source>The gain is the difference of the means, positive where B is better than the reference A; errors are turned round. Its confidence interval is that of Welch and Satterthwaite. The conservative bound is the end of the interval nearer to zero, or 0 where the interval holds zero.</source>
        <translation>Mức tăng là hiệu của các giá trị trung bình, dương khi B tốt hơn tham chiếu A; với sai số thì đổi dấu. Khoảng tin cậy tính theo Welch và Satterthwaite. Cận thận trọng là đầu khoảng gần 0 hơn, hoặc bằng 0 nếu khoảng chứa 0.</translation>
    </message>
    <message>
        <source>The intensity of a pixel is |m|, the size of the median m of its members d. With the default quantiles, Q85, Q95 and Q99 of |m| over all pixels that are valid in every member part the levels Low, Medium, High and Highest. So about 15 % of every map are above Low: levels rank the pixels of one map and are no thresholds of damage.</source>
        <translation>Cường độ của một điểm ảnh là |m|, độ lớn của trung vị m của các thành viên d. Với các phân vị mặc định, Q85, Q95 và Q99 của |m| trên mọi điểm ảnh có giá trị ở tất cả các thành viên phân chia các mức Thấp, Trung bình, Cao và Cao nhất. Do đó khoảng 15 % của mọi bản đồ nằm trên mức Thấp: các mức xếp hạng điểm ảnh của một bản đồ chứ không phải ngưỡng thiệt hại.</translation>
    </message>
    <message>
        <source>The layer was made by this model</source>
        <translation>Lớp được tạo bởi mô hình này</translation>
    </message>
    <message>
        <source>The levels that &apos;Ensemble uncertainty&apos; makes: 3 and above is high. Empty: EXCEEDANCE alone tells what is high.</source>
        <translation>Các mức do &apos;Độ bất định của tổ hợp&apos; tạo ra: từ 3 trở lên là cao. Để trống: chỉ EXCEEDANCE cho biết đâu là cao.</translation>
    </message>
    <message>
        <source>The log prints the one pip line that installs what is missing into this QGIS and keeps the numpy and scipy that QGIS brings. The algorithm itself installs nothing and uses no network. It warns where another numpy or scipy stands before those of QGIS, which can break GDAL.</source>
        <translation>Nhật ký in ra một dòng lệnh pip để cài những gói còn thiếu vào QGIS này và giữ nguyên numpy và scipy đi kèm QGIS. Bản thân thuật toán không cài đặt gì và không dùng mạng Internet. Thuật toán cảnh báo khi có numpy hoặc scipy khác đứng trước bản của QGIS, điều có thể làm hỏng GDAL.</translation>
    </message>
    <message>
        <source>The map shows {mapped}, corrected to a share of {share} of the area.</source>
        <translation>Bản đồ cho giá trị {mapped}, đã hiệu chỉnh theo tỷ lệ {share} của diện tích.</translation>
    </message>
    <message>
        <source>The map shows {mapped}: it was made by another model, or of another stack.</source>
        <translation>Bản đồ cho giá trị {mapped}: bản đồ được tạo bởi mô hình khác hoặc từ chồng lớp khác.</translation>
    </message>
    <message>
        <source>The map that the model made of this stack, on the same grid; only used for MASKED. Empty: no masked map.</source>
        <translation>Bản đồ mà mô hình tạo ra từ chồng lớp này, trên cùng một lưới; chỉ dùng cho MASKED. Để trống: không có bản đồ được che.</translation>
    </message>
    <message>
        <source>The median m of the members with its sign, in their units.</source>
        <translation>Trung vị m của các thành viên, có dấu, theo đơn vị của chúng.</translation>
    </message>
    <message>
        <source>The menu Plugins &amp;gt; Land subsidence shows the same in a window, with a button that copies the line.</source>
        <translation>Menu Các phần mở rộng &amp;gt; Land subsidence hiển thị cùng nội dung trong một cửa sổ, có nút sao chép dòng lệnh.</translation>
    </message>
    <message>
        <source>The metadata of the true probability hold the weights of the factors and the best AUC that any model can reach: 0.92 against stable cells, 0.88 against points drawn anywhere. Those of the InSAR points hold the planted bowls and the fault.</source>
        <translation>Siêu dữ liệu của xác suất thực chứa trọng số của các yếu tố và AUC tốt nhất mà một mô hình có thể đạt: 0.92 so với các ô ổn định, 0.88 so với các điểm lấy ở bất kỳ đâu. Siêu dữ liệu của các điểm InSAR chứa các phễu lún và đứt gãy đã cài sẵn.</translation>
    </message>
    <message>
        <source>The model {path} cannot be written.</source>
        <translation>Không ghi được mô hình {path}.</translation>
    </message>
    <message>
        <source>The model&apos;s defaults, a logistic regression and a random forest are judged alike. The first sentence of the report says whether tuning brought anything.</source>
        <translation>Các giá trị mặc định của mô hình, hồi quy logistic và rừng ngẫu nhiên được đánh giá như nhau. Câu đầu tiên của báo cáo cho biết việc tinh chỉnh có đem lại cải thiện hay không.</translation>
    </message>
    <message>
        <source>The network trains on the rows of the samples whose field split is train. A row is one pixel: the values of its factors are the input, its label (1 subsidence, 0 none) the target. The network sees no neighbouring pixels.</source>
        <translation>Mạng được huấn luyện trên các dòng mẫu có trường split là train. Mỗi dòng là một điểm ảnh: giá trị các yếu tố là đầu vào, nhãn (1 sụt lún, 0 không) là mục tiêu. Mạng không thấy các điểm ảnh lân cận.</translation>
    </message>
    <message>
        <source>The output is in the CRS of the inventory; its field label is 1 for subsidence and 0 for absence. Fewer points than asked for are a warning with the reason. The Hanoi paper draws 3,997 random points for 4,698 of subsidence, about one for each.</source>
        <translation>Đầu ra theo CRS của lớp hiện trạng; trường label bằng 1 với sụt lún và 0 với không sụt lún. Nếu số điểm ít hơn yêu cầu thì có cảnh báo kèm lý do. Bài báo về Hà Nội lấy 3997 điểm ngẫu nhiên cho 4698 điểm sụt lún, gần bằng tỷ lệ một đối một.</translation>
    </message>
    <message>
        <source>The output of &apos;Grid InSAR deformation&apos;, or any raster in mm with one band for each date, named 2024-06-30. May be empty only for a GCN on points.</source>
        <translation>Đầu ra của &apos;Nội suy lưới biến dạng InSAR&apos;, hoặc raster bất kỳ theo mm có mỗi ngày một kênh, tên dạng 2024-06-30. Chỉ được để trống với GCN trên các điểm.</translation>
    </message>
    <message>
        <source>The place could not be read: {error}</source>
        <translation>Không đọc được vị trí: {error}</translation>
    </message>
    <message>
        <source>The place lies outside of all layers of this plugin.</source>
        <translation>Vị trí nằm ngoài mọi lớp của plugin này.</translation>
    </message>
    <message>
        <source>The points of each track are averaged in square cells. A cell that both tracks see gives two equations for vertical and east, with the unit vectors of the fields los_east, los_north and los_up, or those of incidence_angle and track_angle.</source>
        <translation>Các điểm của mỗi quỹ đạo được lấy trung bình trong các ô vuông. Ô có cả hai quỹ đạo cho hai phương trình đối với phương thẳng đứng và hướng đông, dùng các véctơ đơn vị trong các trường los_east, los_north và los_up, hoặc từ các trường incidence_angle và track_angle.</translation>
    </message>
    <message>
        <source>The points that the stack was gridded from, with a field DYYYYMMDD for each date, in mm. Needed for POINT_FORECAST, and for a GCN whose nodes are points. Empty: cells only.</source>
        <translation>Các điểm đã dùng để nội suy chồng lớp, có mỗi ngày một trường DYYYYMMDD, đơn vị mm. Cần cho POINT_FORECAST, và cho GCN có nút là các điểm. Để trống: chỉ các ô.</translation>
    </message>
    <message>
        <source>The points that the stack was gridded from, with a field DYYYYMMDD for each date, in mm. With a GCN they are the nodes of the graph, and INPUT is not used; with CNN and ResNet, forecasts are also scored at them. Empty: cells only.</source>
        <translation>Các điểm đã dùng để nội suy chồng lớp, có mỗi ngày một trường DYYYYMMDD, đơn vị mm. Với GCN, chúng là các nút của đồ thị và INPUT không được dùng; với CNN và ResNet, dự báo còn được đánh giá tại các điểm này. Để trống: chỉ các ô.</translation>
    </message>
    <message>
        <source>The points that the stack was gridded from, with a field DYYYYMMDD for each date, in mm: residuals are also told at them. Empty: cells only.</source>
        <translation>Các điểm đã dùng để nội suy chồng lớp, có mỗi ngày một trường DYYYYMMDD, đơn vị mm: phần dư cũng được tính tại các điểm này. Để trống: chỉ các ô.</translation>
    </message>
    <message>
        <source>The points up to the origin with the forecast in further fields DYYYYMMDD, in mm, and half the width of the interval in fields HYYYYMMDD. Needs POINTS.</source>
        <translation>Các điểm tính đến ngày gốc kèm dự báo trong các trường DYYYYMMDD tiếp theo, đơn vị mm, và nửa độ rộng của khoảng dự báo trong các trường HYYYYMMDD. Cần POINTS.</translation>
    </message>
    <message>
        <source>The points with the fields signed (mean over the dates), absolute (root mean square) and surface (with the offset of the grid), in mm; of one forecast also one field for each date. Needs POINTS.</source>
        <translation>Các điểm có các trường signed (trung bình theo các ngày), absolute (căn quân phương) và surface (tính cả độ lệch của lưới), đơn vị mm; với một dự báo còn có mỗi ngày một trường. Cần POINTS.</translation>
    </message>
    <message>
        <source>The probability of subsidence, 0 to 1, that the points follow.</source>
        <translation>Xác suất sụt lún, từ 0 đến 1, mà các điểm tuân theo.</translation>
    </message>
    <message>
        <source>The probability raster has no value here.</source>
        <translation>Raster xác suất không có giá trị tại đây.</translation>
    </message>
    <message>
        <source>The project has no layer that can be asked; add results of this plugin first.</source>
        <translation>Dự án không có lớp nào có thể tra cứu; trước hết thêm các kết quả của plugin này.</translation>
    </message>
    <message>
        <source>The project that is open has changes that were not saved.</source>
        <translation>Dự án đang mở có thay đổi chưa được lưu.</translation>
    </message>
    <message>
        <source>The raster of PROBABILITY with nodata outside the area of applicability.</source>
        <translation>Raster của PROBABILITY với nodata ở ngoài vùng áp dụng.</translation>
    </message>
    <message>
        <source>The report adds ROC curves with confidence bands, precision–recall curves, errors with their distribution, and reliability curves.</source>
        <translation>Báo cáo còn có đường cong ROC kèm dải tin cậy, đường cong precision–recall, sai số kèm phân bố và đường cong hiệu chuẩn (reliability).</translation>
    </message>
    <message>
        <source>The report holds the ranking, the beeswarm, the waterfall of one place, dependence plots with ICE curves, and the interaction of the two strongest factors.</source>
        <translation>Báo cáo gồm bảng xếp hạng, biểu đồ beeswarm, biểu đồ waterfall của một vị trí, biểu đồ phụ thuộc kèm đường cong ICE và tương tác giữa hai yếu tố mạnh nhất.</translation>
    </message>
    <message>
        <source>The report holds the table of means, the forest plot and violin plots.</source>
        <translation>Báo cáo gồm bảng các giá trị trung bình, biểu đồ forest và biểu đồ violin.</translation>
    </message>
    <message>
        <source>The report says which factors make the difference. Rasters of any size are worked out tile by tile; time grows with pixels times training rows.</source>
        <translation>Báo cáo cho biết yếu tố nào tạo ra sự khác biệt. Raster kích thước bất kỳ được tính theo từng mảnh; thời gian tăng theo số điểm ảnh nhân với số dòng huấn luyện.</translation>
    </message>
    <message>
        <source>The report shows the course of the search, the importance of each hyperparameter and slices through the search space.</source>
        <translation>Báo cáo thể hiện diễn biến tìm kiếm, mức quan trọng của từng siêu tham số và các lát cắt qua không gian tìm kiếm.</translation>
    </message>
    <message>
        <source>The report shows the matrices as circles, as Figure 3 of the Hanoi paper does. The table of pairs begins with the strongest.</source>
        <translation>Báo cáo thể hiện các ma trận bằng hình tròn, như Hình 3 của bài báo về Hà Nội. Bảng các cặp bắt đầu từ cặp tương quan mạnh nhất.</translation>
    </message>
    <message>
        <source>The report shows the optimisation process as in Figure 5 of the paper, the importance of each hyperparameter, the best trials, the scores by step and the coverage of the intervals.</source>
        <translation>Báo cáo thể hiện quá trình tối ưu như Hình 5 của bài báo, mức quan trọng của từng siêu tham số, các lần thử tốt nhất, điểm đánh giá theo bước và độ bao phủ của các khoảng dự báo.</translation>
    </message>
    <message>
        <source>The report&apos;s first sentence says which model is best on validation rows, whichever it is, and by DeLong&apos;s test whether it is better by more than chance.</source>
        <translation>Câu đầu tiên của báo cáo cho biết mô hình nào tốt nhất trên các dòng kiểm định, bất kể là mô hình nào, và theo kiểm định DeLong thì nó có tốt hơn mức ngẫu nhiên hay không.</translation>
    </message>
    <message>
        <source>The rows on which the metrics were measured. Automatic takes validation rows where all groups have them, else test rows, else training rows (which flatter).</source>
        <translation>Các dòng dùng để đo các chỉ số đánh giá. Tự động lấy các dòng kiểm định nếu mọi nhóm đều có, nếu không thì các dòng kiểm tra, rồi đến các dòng huấn luyện (làm đẹp kết quả).</translation>
    </message>
    <message>
        <source>The runs table is for &lt;i&gt;Compare repeated runs&lt;/i&gt;.</source>
        <translation>Bảng các lần chạy dùng cho &lt;i&gt;So sánh các lần chạy lặp&lt;/i&gt;.</translation>
    </message>
    <message>
        <source>The same seed and size give the same area, bit by bit. Memory is about 190 bytes per cell: 0.6 GB for 2000 × 1500 cells, 4.8 GB for 5000 × 5000.</source>
        <translation>Cùng hạt giống và kích thước cho cùng một khu vực, giống đến từng bit. Bộ nhớ khoảng 190 byte mỗi ô: 0.6 GB cho 2000 × 1500 ô, 4.8 GB cho 5000 × 5000.</translation>
    </message>
    <message>
        <source>The same seed and the same data give the same result, with one worker process.</source>
        <translation>Cùng hạt giống và cùng dữ liệu cho cùng kết quả, khi dùng một tiến trình phụ.</translation>
    </message>
    <message>
        <source>The samples are points in the CRS of the stack with the fields label, split (train, validation, test), fold and one for each factor, named as the stack&apos;s bands. Kinds of factors and rules of classes travel in the metadata of the layer, which only GPKG keeps. Shapefiles cut field names and are refused.</source>
        <translation>Mẫu là các điểm trong CRS của chồng lớp, với các trường label, split (train, validation, test), fold và mỗi yếu tố một trường, đặt tên theo các kênh của chồng lớp. Loại yếu tố và quy tắc phân cấp đi kèm trong siêu dữ liệu của lớp, chỉ GPKG giữ được. Shapefile cắt ngắn tên trường nên không được chấp nhận.</translation>
    </message>
    <message>
        <source>The samples on which the model was trained, with one numeric field for each factor, the label and the split. Rows that lack a factor are left out.</source>
        <translation>Mẫu đã dùng để huấn luyện mô hình, có một trường số cho mỗi yếu tố, trường nhãn và trường chia mẫu. Các dòng thiếu một yếu tố bị bỏ qua.</translation>
    </message>
    <message>
        <source>The samples that the model was trained on: the rows of split &apos;train&apos; are compared with the pixels, and the field fold gives the threshold.</source>
        <translation>Mẫu đã dùng để huấn luyện mô hình: các dòng có split là &apos;train&apos; được so sánh với các điểm ảnh, và trường fold dùng để xác định ngưỡng.</translation>
    </message>
    <message>
        <source>The search can be cancelled at any time. Every finished trial is kept: run it again with the same settings and it goes on where it stopped.</source>
        <translation>Có thể hủy việc tìm kiếm bất cứ lúc nào. Mọi lần thử đã kết thúc đều được lưu: chạy lại với cùng thiết lập để tiếp tục từ chỗ đã dừng.</translation>
    </message>
    <message>
        <source>The share of members that reach a quantile, as &apos;Ensemble uncertainty&apos; makes it. Empty: LEVELS alone tells what is high.</source>
        <translation>Tỷ lệ thành viên đạt tới một phân vị, như &apos;Độ bất định của tổ hợp&apos; tạo ra. Để trống: chỉ LEVELS cho biết đâu là cao.</translation>
    </message>
    <message>
        <source>The share of the members, 0 to 1, that are in the level which the pixel has in LEVELS.</source>
        <translation>Tỷ lệ thành viên, từ 0 đến 1, thuộc mức của điểm ảnh trong LEVELS.</translation>
    </message>
    <message>
        <source>The stack needs at least as many dates as the window of the forecaster. A date without a value takes the last value before it; a cell that lacks more than a quarter of the window is nodata. The log tells where the size of the cells or the interval of the dates differs from the training.</source>
        <translation>Chồng lớp cần số mốc thời gian ít nhất bằng cửa sổ của mô hình dự báo. Ngày không có giá trị lấy giá trị gần nhất trước đó; ô thiếu hơn một phần tư cửa sổ là nodata. Nhật ký cho biết chỗ nào kích thước ô hoặc khoảng cách giữa các ngày khác với khi huấn luyện.</translation>
    </message>
    <message>
        <source>The standard deviation of the members, as &apos;Ensemble uncertainty&apos; makes it; several bands (forecast steps) are averaged.</source>
        <translation>Độ lệch chuẩn của các thành viên, như &apos;Độ bất định của tổ hợp&apos; tạo ra; nhiều kênh (các bước dự báo) được lấy trung bình.</translation>
    </message>
    <message>
        <source>The standard deviation of |d| over the members, in their units.</source>
        <translation>Độ lệch chuẩn của |d| giữa các thành viên, theo đơn vị của chúng.</translation>
    </message>
    <message>
        <source>The steps are &lt;i&gt;Grid InSAR deformation&lt;/i&gt;, &lt;i&gt;Tune forecaster&lt;/i&gt; (ResNet + Transformer), &lt;i&gt;Forecast deformation&lt;/i&gt;, &lt;i&gt;Ensemble uncertainty&lt;/i&gt;, &lt;i&gt;Residuals of forecasts&lt;/i&gt; from a past date of origin, and &lt;i&gt;Monitoring priority&lt;/i&gt;. The best trials become the members of one ensemble.</source>
        <translation>Các bước gồm &lt;i&gt;Nội suy lưới biến dạng InSAR&lt;/i&gt;, &lt;i&gt;Tinh chỉnh mô hình dự báo&lt;/i&gt; (ResNet + Transformer), &lt;i&gt;Dự báo biến dạng&lt;/i&gt;, &lt;i&gt;Độ bất định của tổ hợp&lt;/i&gt;, &lt;i&gt;Phần dư của dự báo&lt;/i&gt; từ một ngày gốc trong quá khứ và &lt;i&gt;Ưu tiên quan trắc&lt;/i&gt;. Các lần thử tốt nhất trở thành thành viên của một tổ hợp.</translation>
    </message>
    <message>
        <source>The steps are &lt;i&gt;Reclassify factors&lt;/i&gt; (natural breaks of Jenks), &lt;i&gt;Absence points&lt;/i&gt; (one for each point of subsidence), &lt;i&gt;Extract samples&lt;/i&gt; (random split), &lt;i&gt;Train DRDN&lt;/i&gt;, &lt;i&gt;Predict susceptibility&lt;/i&gt;, &lt;i&gt;Classify susceptibility&lt;/i&gt; (five classes by natural breaks), &lt;i&gt;Frequency ratio&lt;/i&gt; and &lt;i&gt;Validate models&lt;/i&gt;. Other settings have their defaults.</source>
        <translation>Các bước gồm &lt;i&gt;Phân cấp lại các yếu tố&lt;/i&gt; (ngưỡng tự nhiên Jenks), &lt;i&gt;Điểm không sụt lún&lt;/i&gt; (một điểm cho mỗi điểm sụt lún), &lt;i&gt;Trích xuất mẫu&lt;/i&gt; (chia ngẫu nhiên), &lt;i&gt;Huấn luyện DRDN&lt;/i&gt;, &lt;i&gt;Dự đoán tính nhạy cảm&lt;/i&gt;, &lt;i&gt;Phân cấp tính nhạy cảm&lt;/i&gt; (năm cấp theo ngưỡng tự nhiên), &lt;i&gt;Tỷ số tần suất&lt;/i&gt; và &lt;i&gt;Kiểm định mô hình&lt;/i&gt;. Các thiết lập khác lấy giá trị mặc định.</translation>
    </message>
    <message>
        <source>The table holds TP, TN, FP, FN, PPV, NPV, sensitivity, specificity, accuracy, Kappa and AUC with its bootstrap interval; MAE and RMSE both on labels (as in Table 1 of the paper) and on probabilities (as in Figure 5); average precision, Brier score, and the expected calibration error (ten bins of equal width) beside what chance alone would leave. Fractions are from 0 to 1. It also holds the figures at the threshold with the largest Youden index, found on the training rows.</source>
        <translation>Bảng gồm TP, TN, FP, FN, PPV, NPV, độ nhạy, độ đặc hiệu, độ chính xác, Kappa và AUC kèm khoảng tin cậy bootstrap; MAE và RMSE tính trên cả nhãn (như Bảng 1 của bài báo) và xác suất (như Hình 5); độ chính xác trung bình (average precision), điểm Brier và sai số hiệu chuẩn kỳ vọng (mười khoảng chia đều) bên cạnh mức mà riêng ngẫu nhiên cũng để lại. Các tỷ lệ từ 0 đến 1. Bảng còn có các số liệu tại ngưỡng có chỉ số Youden lớn nhất, xác định trên các dòng huấn luyện.</translation>
    </message>
    <message>
        <source>The test dates decide nothing. Report and log begin with the skill of the ensemble there against the best simple forecast, also where it is negative.</source>
        <translation>Các ngày kiểm tra không quyết định gì. Báo cáo và nhật ký mở đầu bằng độ cải thiện (skill) của tổ hợp tại đó so với dự báo đơn giản tốt nhất, kể cả khi giá trị này âm.</translation>
    </message>
    <message>
        <source>The test is Welch&apos;s two-sided t-test. Its p-values are corrected by the method of Benjamini and Hochberg over all comparisons of the run.</source>
        <translation>Phép kiểm định là kiểm định t hai phía của Welch. Giá trị p được hiệu chỉnh theo phương pháp Benjamini và Hochberg trên mọi phép so sánh của lần chạy.</translation>
    </message>
    <message>
        <source>The threshold is the upper whisker of the index of the training rows (Q3 + 1.5 interquartile ranges, at most the maximum), each row against the rows of other folds. So the area inside is the one for which a cross-validation with these folds holds on average. Spatial folds give a wider area than random ones, and go with the larger error of a spatial cross-validation.</source>
        <translation>Ngưỡng là râu trên (trong biểu đồ hộp) của chỉ số ở các dòng huấn luyện (Q3 + 1.5 lần khoảng tứ phân vị, tối đa bằng giá trị lớn nhất), mỗi dòng so với các dòng của những phần (fold) khác. Do đó, vùng bên trong là vùng mà kết quả kiểm định chéo với các phần này đúng về trung bình. Các phần không gian cho vùng rộng hơn các phần ngẫu nhiên và đi kèm sai số lớn hơn của kiểm định chéo không gian.</translation>
    </message>
    <message>
        <source>The time series are held in memory (4 bytes for each point and date); the maps are computed and written in blocks.</source>
        <translation>Chuỗi thời gian được giữ trong bộ nhớ (4 byte cho mỗi điểm và mỗi ngày); các bản đồ được tính và ghi theo từng khối.</translation>
    </message>
    <message>
        <source>The variance of the members&apos; levels: 0 where all agree, 2.25 where half say Low and half say Highest.</source>
        <translation>Phương sai của mức giữa các thành viên: 0 khi tất cả thống nhất, 2.25 khi một nửa là Thấp và một nửa là Cao nhất.</translation>
    </message>
    <message>
        <source>Tiles are computed in several threads, so memory does not grow with the raster. Only the variant &lt;i&gt;Paper&lt;/i&gt; takes the whole grid at once.</source>
        <translation>Các mảnh được tính trong nhiều luồng nên bộ nhớ không tăng theo raster. Chỉ biến thể &lt;i&gt;Theo bài báo&lt;/i&gt; nạp cả lưới cùng lúc.</translation>
    </message>
    <message>
        <source>Time series</source>
        <translation>Chuỗi thời gian</translation>
    </message>
    <message>
        <source>Title of the project and of the printed map.</source>
        <translation>Tiêu đề của dự án và của bản đồ in.</translation>
    </message>
    <message>
        <source>Train a model, and map the probability with it.</source>
        <translation>Huấn luyện một mô hình và lập bản đồ xác suất từ mô hình đó.</translation>
    </message>
    <message>
        <source>Train networks that foretell the next dates; or have their settings searched.</source>
        <translation>Huấn luyện các mạng dự báo những ngày tiếp theo; hoặc để plugin tìm thiết lập cho chúng.</translation>
    </message>
    <message>
        <source>Training rows in each step.</source>
        <translation>Số dòng huấn luyện trong mỗi bước.</translation>
    </message>
    <message>
        <source>Training stops after so many epochs without a lower hold-out loss.</source>
        <translation>Huấn luyện dừng sau số epoch này nếu hàm mất mát trên phần giữ lại không giảm.</translation>
    </message>
    <message>
        <source>Training windows that the optimizer takes at each step.</source>
        <translation>Số cửa sổ huấn luyện mà bộ tối ưu dùng ở mỗi bước.</translation>
    </message>
    <message>
        <source>Trains a convolutional neural network (CNN) on samples: one-dimensional filters run along the factors of a pixel, then two dense layers decide.</source>
        <translation>Huấn luyện mạng nơ-ron tích chập (CNN) trên mẫu: các bộ lọc một chiều trượt dọc theo các yếu tố của điểm ảnh, sau đó hai lớp kết nối đầy đủ đưa ra quyết định.</translation>
    </message>
    <message>
        <source>Trains a deep residual dense network (DRDN) on samples: an input layer, residual blocks of two fully connected layers with identity skips, a layer that fuses the outputs of all blocks, and two dense layers.</source>
        <translation>Huấn luyện mạng nơ-ron phần dư dày đặc sâu (DRDN) trên mẫu: một lớp đầu vào, các khối phần dư gồm hai lớp kết nối đầy đủ có kết nối tắt đồng nhất, một lớp hợp nhất đầu ra của mọi khối và hai lớp kết nối đầy đủ.</translation>
    </message>
    <message>
        <source>Trains a hybrid of convolution and long short-term memory (CNN-LSTM) on samples: filters run along the factors of a pixel, an LSTM reads their outputs as a sequence, then a dense layer decides.</source>
        <translation>Huấn luyện mạng lai giữa tích chập và bộ nhớ dài-ngắn hạn (CNN-LSTM) trên mẫu: các bộ lọc trượt dọc theo các yếu tố của điểm ảnh, LSTM đọc đầu ra của chúng như một chuỗi, sau đó một lớp kết nối đầy đủ đưa ra quyết định.</translation>
    </message>
    <message>
        <source>Trains a long short-term memory network (LSTM) on samples: it reads the factors of a pixel one after another as a sequence and decides from its last state.</source>
        <translation>Huấn luyện mạng bộ nhớ dài-ngắn hạn (LSTM) trên mẫu: mạng đọc lần lượt các yếu tố của điểm ảnh như một chuỗi và đưa ra quyết định từ trạng thái cuối.</translation>
    </message>
    <message>
        <source>Trains a network that forecasts the next dates of a deformation stack: a spatial encoder reads the map of each date, a temporal encoder their sequence, and a decoder gives all future dates at once.</source>
        <translation>Huấn luyện mạng dự báo các ngày tiếp theo của chồng lớp biến dạng: bộ mã hóa không gian đọc bản đồ của từng ngày, bộ mã hóa thời gian đọc chuỗi của chúng, và bộ giải mã cho ra mọi ngày tương lai cùng lúc.</translation>
    </message>
    <message>
        <source>Trains, in seconds, one of the simple models that a network must beat: logistic regression, random forest, gradient boosting or the frequency ratio model.</source>
        <translation>Huấn luyện trong vài giây một trong các mô hình đơn giản mà mạng phải vượt qua: hồi quy logistic, rừng ngẫu nhiên, gradient boosting hoặc mô hình tỷ số tần suất.</translation>
    </message>
    <message>
        <source>Trees of the random forest; more give smoother probabilities and larger files.</source>
        <translation>Số cây của rừng ngẫu nhiên; nhiều cây hơn cho xác suất mịn hơn và tệp lớn hơn.</translation>
    </message>
    <message>
        <source>Trials trained at the same time. With more than 1 each takes a process and a core, and the seed no longer repeats the search.</source>
        <translation>Số lần thử được huấn luyện cùng lúc. Nếu lớn hơn 1, mỗi lần thử chiếm một tiến trình và một lõi, và hạt giống không còn lặp lại được kết quả tìm kiếm.</translation>
    </message>
    <message>
        <source>True probability of the example</source>
        <translation>Xác suất thực của ví dụ</translation>
    </message>
    <message>
        <source>Tuning takes most of the time. Open the workflow in QGIS&apos;s model designer to change a step.</source>
        <translation>Việc tinh chỉnh chiếm phần lớn thời gian. Mở quy trình trong Trình thiết kế mô hình của QGIS để thay đổi một bước.</translation>
    </message>
    <message>
        <source>Turns InSAR points with time series into a deformation stack, a raster with one band for each date, by inverse distance weighting of each date; displacement is in mm with the sign of the points.</source>
        <translation>Chuyển các điểm InSAR có chuỗi thời gian thành chồng lớp biến dạng, tức raster có mỗi ngày một kênh, bằng nội suy trọng số nghịch đảo khoảng cách cho từng ngày; chuyển dịch tính bằng mm, cùng dấu với các điểm.</translation>
    </message>
    <message>
        <source>Turns an ensemble, several predictions of the same map, into levels of intensity and maps that tell how reliable these levels are.</source>
        <translation>Chuyển một tổ hợp, tức nhiều dự đoán của cùng một bản đồ, thành các mức cường độ và các bản đồ cho biết độ tin cậy của những mức này.</translation>
    </message>
    <message>
        <source>Turns every band of a factor stack into classes 1, 2, … k (0 is nodata) and writes them as a class stack, with rules that can be applied to another area.</source>
        <translation>Chuyển mỗi kênh của chồng lớp yếu tố thành các cấp 1, 2, … k (0 là nodata) và ghi thành chồng lớp phân cấp, kèm quy tắc có thể áp dụng cho khu vực khác.</translation>
    </message>
    <message>
        <source>Turns line-of-sight time series of an ascending and a descending track into vertical and east displacement on one grid and on common dates.</source>
        <translation>Chuyển chuỗi thời gian theo hướng nhìn của một quỹ đạo bay lên và một quỹ đạo bay xuống thành chuyển dịch theo phương thẳng đứng và hướng đông trên cùng một lưới và tại các ngày chung.</translation>
    </message>
    <message>
        <source>Turns the maps of an ensemble and the residuals of a forecast into seven classes of action: where to intervene, verify, measure more densely or only inspect.</source>
        <translation>Chuyển các bản đồ của tổ hợp và phần dư của dự báo thành bảy cấp hành động: nơi nào cần can thiệp, kiểm chứng, quan trắc dày hơn hoặc chỉ cần kiểm tra.</translation>
    </message>
    <message>
        <source>Two to four ascending percentages, with commas between them, at which the levels begin.</source>
        <translation>Hai đến bốn tỷ lệ phần trăm tăng dần, cách nhau bằng dấu phẩy, tại đó các mức bắt đầu.</translation>
    </message>
    <message>
        <source>Uncertainty</source>
        <translation>Độ bất định</translation>
    </message>
    <message>
        <source>Unit of the displacements (and of velocities a year) in the table; they are converted to mm. EGMS is in mm.</source>
        <translation>Đơn vị của chuyển dịch (và của vận tốc mỗi năm) trong bảng; các giá trị được đổi sang mm. EGMS dùng mm.</translation>
    </message>
    <message>
        <source>Unstable high: verify in the field before building</source>
        <translation>Cao nhưng không ổn định: kiểm chứng thực địa trước khi xây dựng</translation>
    </message>
    <message>
        <source>Upper end of the prediction interval, one band for each future date, in mm. Needs a forecaster with calibrated intervals.</source>
        <translation>Cận trên của khoảng dự báo, mỗi ngày tương lai một kênh, đơn vị mm. Cần mô hình dự báo có khoảng dự báo đã hiệu chuẩn.</translation>
    </message>
    <message>
        <source>Values</source>
        <translation>Giá trị</translation>
    </message>
    <message>
        <source>Vertical displacement at each date in mm (negative is subsidence), with the fields of level 3 of the European Ground Motion Service. A shapefile is not possible.</source>
        <translation>Chuyển dịch theo phương thẳng đứng tại mỗi ngày, đơn vị mm (âm là sụt lún), với các trường của mức 3 thuộc Dịch vụ Chuyển động Mặt đất châu Âu. Không dùng được shapefile.</translation>
    </message>
    <message>
        <source>Very high</source>
        <translation>Rất cao</translation>
    </message>
    <message>
        <source>Very low</source>
        <translation>Rất thấp</translation>
    </message>
    <message>
        <source>What stands for the motion northwards: zero, as in EGMS L3, or the velocity in mm/yr of the field gnss_velocity_n.</source>
        <translation>Giá trị thay cho chuyển động theo hướng bắc: bằng 0 như trong EGMS L3, hoặc vận tốc theo mm/yr của trường gnss_velocity_n.</translation>
    </message>
    <message>
        <source>What the SHAP values are shares of: the probability, as in the paper, or its log-odds ln(p / (1 − p)), on which effects near 0 and 1 count as much as in between. Probabilities are held between 0.000001 and 0.999999 there.</source>
        <translation>Đại lượng mà các giá trị SHAP hợp thành: xác suất như trong bài báo, hoặc log-odds ln(p / (1 − p)) của nó, trong đó các ảnh hưởng gần 0 và 1 được tính ngang với ở khoảng giữa. Khi đó xác suất được giữ trong khoảng 0.000001 đến 0.999999.</translation>
    </message>
    <message>
        <source>What the best trial is best in. AUC only wants places ranked well; log loss wants honest probabilities, too.</source>
        <translation>Tiêu chí chọn lần thử tốt nhất. AUC chỉ đòi hỏi các vị trí được xếp hạng tốt; log loss đòi hỏi cả xác suất sát thực tế.</translation>
    </message>
    <message>
        <source>What the displacements are. Automatic reads it from the columns (line of sight) and names (U, E) of EGMS files; choose it for others.</source>
        <translation>Loại chuyển dịch. Tự động đọc từ các cột (hướng nhìn) và tên (U, E) của tệp EGMS; với tệp khác thì tự chọn.</translation>
    </message>
    <message>
        <source>What the members hold. It decides on units and legends, not on the formulas; probabilities outside 0 to 1 are refused.</source>
        <translation>Nội dung của các thành viên. Lựa chọn này quyết định đơn vị và chú giải, không ảnh hưởng đến công thức; xác suất ngoài khoảng 0 đến 1 không được chấp nhận.</translation>
    </message>
    <message>
        <source>What the others are compared with: a configuration (each model&apos;s other configurations are compared with it), a model (all other models are), or both as &apos;model (configuration)&apos;. Empty: PAIRS decides.</source>
        <translation>Đối tượng để so sánh: một cấu hình (các cấu hình khác của từng mô hình được so với nó), một mô hình (mọi mô hình khác được so với nó), hoặc cả hai dưới dạng &apos;mô hình (cấu hình)&apos;. Để trống: PAIRS quyết định.</translation>
    </message>
    <message>
        <source>Where a table has no velocity, or dates are left out, velocity, acceleration, seasonality and rmse are fitted by least squares: a line with an annual wave for the velocity, a parabola with one for the acceleration.</source>
        <translation>Khi bảng không có vận tốc, hoặc có ngày bị bỏ qua, vận tốc, gia tốc, tính mùa và rmse được khớp bằng bình phương tối thiểu: đường thẳng kèm sóng chu kỳ năm cho vận tốc, parabol kèm sóng chu kỳ năm cho gia tốc.</translation>
    </message>
    <message>
        <source>Where dates of a track lie farther apart than this, the result between them is left empty.</source>
        <translation>Khi các ngày của một quỹ đạo cách nhau xa hơn giá trị này, kết quả ở giữa được để trống.</translation>
    </message>
    <message>
        <source>Where may the ground sink? The susceptibility map</source>
        <translation>Mặt đất có thể sụt lún ở đâu? Bản đồ tính nhạy cảm</translation>
    </message>
    <message>
        <source>Where the results are</source>
        <translation>Kết quả nằm ở đâu</translation>
    </message>
    <message>
        <source>Where the samples have a split, the ratio is made from validation events, the success-rate curve from training events and the prediction-rate curve from validation events. Without a split all events count, and the log says so.</source>
        <translation>Khi mẫu có trường chia mẫu, tỷ số được tính từ các sự kiện kiểm định, đường cong tỷ lệ thành công từ các sự kiện huấn luyện và đường cong tỷ lệ dự đoán từ các sự kiện kiểm định. Nếu không có trường này thì mọi sự kiện đều được tính, và nhật ký nêu rõ điều này.</translation>
    </message>
    <message>
        <source>Which part of the training rows judges a trial. A hold-out is fastest. Spatial folds choose values that carry over to new places, where a random hold-out would choose those that fit the neighbourhood best. Folds cost one training each in every trial.</source>
        <translation>Phần nào của các dòng huấn luyện dùng để đánh giá lần thử. Phần giữ lại là nhanh nhất. Các phần (fold) không gian chọn những giá trị áp dụng được cho nơi mới, trong khi phần giữ lại ngẫu nhiên chọn những giá trị khớp nhất với vùng lân cận. Mỗi phần (fold) tốn thêm một lần huấn luyện trong mỗi lần thử.</translation>
    </message>
    <message>
        <source>Which side of the limit is kept; only used with a quality field.</source>
        <translation>Phía nào của giới hạn được giữ lại; chỉ dùng khi có trường chất lượng.</translation>
    </message>
    <message>
        <source>Why this probability (SHAP)</source>
        <translation>Vì sao có xác suất này (SHAP)</translation>
    </message>
    <message>
        <source>Width of the filters, an odd number of factors.</source>
        <translation>Độ rộng của bộ lọc, là số lẻ các yếu tố.</translation>
    </message>
    <message>
        <source>With InSAR points of &lt;i&gt;Import InSAR time series&lt;/i&gt; or &lt;i&gt;Create example area&lt;/i&gt;, to get all results of the paper in one run. Run the single algorithms instead to look at each result before the next step.</source>
        <translation>Dùng với các điểm InSAR của &lt;i&gt;Nhập chuỗi thời gian InSAR&lt;/i&gt; hoặc &lt;i&gt;Tạo khu vực ví dụ&lt;/i&gt;, để có mọi kết quả của bài báo trong một lần chạy. Chạy từng thuật toán riêng nếu muốn xem từng kết quả trước bước tiếp theo.</translation>
    </message>
    <message>
        <source>With LEVELS, classes 1 and 2 ask for the level High or Highest instead of P, and such a cell counts as P in the other classes. Give EXCEEDANCE or LEVELS, or both. Without RESIDUAL, classes 3, 4 and 6 cannot occur.</source>
        <translation>Khi có LEVELS, cấp 1 và 2 đòi hỏi mức Cao hoặc Cao nhất thay cho P, và ô như vậy được tính là P trong các cấp khác. Cung cấp EXCEEDANCE hoặc LEVELS, hoặc cả hai. Nếu không có RESIDUAL, các cấp 3, 4 và 6 không thể xuất hiện.</translation>
    </message>
    <message>
        <source>With a quality field, only points on the good side of its limit count. Level 2 products have temporal_coherence, of which high values are good. Level 3 products have no coherence: take a low rmse_ts (release 2020–2024) or rmse (older releases).</source>
        <translation>Khi có trường chất lượng, chỉ tính các điểm ở phía tốt của giới hạn. Sản phẩm mức 2 có temporal_coherence, giá trị cao là tốt. Sản phẩm mức 3 không có độ kết hợp (coherence): chọn rmse_ts thấp (phiên bản 2020–2024) hoặc rmse thấp (các phiên bản cũ hơn).</translation>
    </message>
    <message>
        <source>With repeats the runs table also has the networks with the defaults, called &lt;i&gt;manual&lt;/i&gt;. &lt;i&gt;Compare repeated runs&lt;/i&gt; makes Table 1 and Figures 3 and 4 of the paper from the runs tables of several architectures; six architectures and three metrics make 18 comparisons.</source>
        <translation>Khi có các lần lặp, bảng các lần chạy còn có các mạng với giá trị mặc định, gọi là &lt;i&gt;manual&lt;/i&gt;. &lt;i&gt;So sánh các lần chạy lặp&lt;/i&gt; tạo Bảng 1 và các Hình 3 và 4 của bài báo từ bảng các lần chạy của nhiều kiến trúc; sáu kiến trúc và ba chỉ số đánh giá cho 18 phép so sánh.</translation>
    </message>
    <message>
        <source>Without a probability raster the curves come from the classes; five classes give a curve of five points only.</source>
        <translation>Nếu không có raster xác suất, các đường cong được tính từ các cấp; năm cấp chỉ cho đường cong gồm năm điểm.</translation>
    </message>
    <message>
        <source>Working out the SHAP values …</source>
        <translation>Đang tính giá trị SHAP …</translation>
    </message>
    <message>
        <source>Worst value that counts as good, in the unit of the quality field. Needed with a quality field. Empty: none.</source>
        <translation>Giá trị kém nhất còn được coi là tốt, theo đơn vị của trường chất lượng. Bắt buộc khi có trường chất lượng. Để trống: không có.</translation>
    </message>
    <message>
        <source>Writes the data of the trials to a file that workers on other computers need beside STORAGE (a database URL); the log shows the command that starts such a worker, which needs Python with torch and optuna (a GCN also scipy) but no QGIS. It is written at the start and stays. Empty: none.</source>
        <translation>Ghi dữ liệu của các lần thử vào một tệp mà các tiến trình phụ trên máy tính khác cần, bên cạnh STORAGE (URL cơ sở dữ liệu); nhật ký cho thấy lệnh khởi động tiến trình phụ như vậy, chỉ cần Python có torch và optuna (với GCN thêm scipy) mà không cần QGIS. Tệp được ghi lúc bắt đầu và được giữ lại. Để trống: không ghi.</translation>
    </message>
    <message>
        <source>Written: {path}</source>
        <translation>Đã ghi: {path}</translation>
    </message>
    <message>
        <source>Your models have a copy that differs from the workflow of this plugin: {path}</source>
        <translation>Trong các mô hình của bạn có một bản sao khác với quy trình của plugin này: {path}</translation>
    </message>
    <message>
        <source>above {number}</source>
        <translation>trên {number}</translation>
    </message>
    <message>
        <source>above {number} mm since {date}</source>
        <translation>trên {number} mm kể từ {date}</translation>
    </message>
    <message>
        <source>above {number} mm/yr</source>
        <translation>trên {number} mm/yr</translation>
    </message>
    <message>
        <source>below {number}</source>
        <translation>dưới {number}</translation>
    </message>
    <message>
        <source>below {number} mm since {date}</source>
        <translation>dưới {number} mm kể từ {date}</translation>
    </message>
    <message>
        <source>below {number} mm/yr</source>
        <translation>dưới {number} mm/yr</translation>
    </message>
    <message>
        <source>class {code}</source>
        <translation>cấp {code}</translation>
    </message>
    <message>
        <source>class {code}: {meaning}</source>
        <translation>cấp {code}: {meaning}</translation>
    </message>
    <message>
        <source>exceedance high, residual high</source>
        <translation>vượt ngưỡng cao, phần dư cao</translation>
    </message>
    <message>
        <source>exceedance high, spread high</source>
        <translation>vượt ngưỡng cao, phân tán cao</translation>
    </message>
    <message>
        <source>exceedance high, spread low</source>
        <translation>vượt ngưỡng cao, phân tán thấp</translation>
    </message>
    <message>
        <source>exceedance or level high, residual high</source>
        <translation>vượt ngưỡng hoặc mức cao, phần dư cao</translation>
    </message>
    <message>
        <source>forecast</source>
        <translation>dự báo</translation>
    </message>
    <message>
        <source>from {date}</source>
        <translation>từ {date}</translation>
    </message>
    <message>
        <source>greater than 0</source>
        <translation>lớn hơn 0</translation>
    </message>
    <message>
        <source>interval</source>
        <translation>khoảng dự báo</translation>
    </message>
    <message>
        <source>its file is missing</source>
        <translation>thiếu tệp</translation>
    </message>
    <message>
        <source>last {date}: {value}</source>
        <translation>giá trị cuối, {date}: {value}</translation>
    </message>
    <message>
        <source>level high, residual high</source>
        <translation>mức cao, phần dư cao</translation>
    </message>
    <message>
        <source>level high, spread high</source>
        <translation>mức cao, phân tán cao</translation>
    </message>
    <message>
        <source>level high, spread low</source>
        <translation>mức cao, phân tán thấp</translation>
    </message>
    <message>
        <source>log-odds</source>
        <translation>log-odds</translation>
    </message>
    <message>
        <source>mean_velocity, acceleration and seasonality come from fits of each track on its own dates. Their standard errors are those of the fits, carried through the decomposition under the assumption that errors are independent from date to date and between tracks. rmse is the standard deviation of one date, carried through likewise.</source>
        <translation>mean_velocity, acceleration và seasonality được khớp cho từng quỹ đạo trên các ngày của chính nó. Sai số chuẩn của chúng là sai số của các phép khớp, được truyền qua phép phân tách với giả thiết sai số độc lập giữa các ngày và giữa các quỹ đạo. rmse là độ lệch chuẩn của một ngày, được truyền theo cùng cách.</translation>
    </message>
    <message>
        <source>no value here</source>
        <translation>không có giá trị tại đây</translation>
    </message>
    <message>
        <source>none of the above</source>
        <translation>không thuộc trường hợp nào ở trên</translation>
    </message>
    <message>
        <source>not a file; save it to one</source>
        <translation>không phải tệp; cần lưu vào tệp</translation>
    </message>
    <message>
        <source>observed</source>
        <translation>quan trắc</translation>
    </message>
    <message>
        <source>origin {date}</source>
        <translation>ngày gốc {date}</translation>
    </message>
    <message>
        <source>probability</source>
        <translation>xác suất</translation>
    </message>
    <message>
        <source>probability of subsidence</source>
        <translation>xác suất sụt lún</translation>
    </message>
    <message>
        <source>recalibrated log-odds</source>
        <translation>log-odds đã hiệu chuẩn lại</translation>
    </message>
    <message>
        <source>recalibrated probability</source>
        <translation>xác suất đã hiệu chuẩn lại</translation>
    </message>
    <message>
        <source>residual high, spread high</source>
        <translation>phần dư cao, phân tán cao</translation>
    </message>
    <message>
        <source>residual high, spread not high</source>
        <translation>phần dư cao, phân tán không cao</translation>
    </message>
    <message>
        <source>spread or exceedance high, residual not high</source>
        <translation>phân tán hoặc vượt ngưỡng cao, phần dư không cao</translation>
    </message>
    <message>
        <source>spread or level high, residual not high</source>
        <translation>phân tán hoặc mức cao, phần dư không cao</translation>
    </message>
    <message>
        <source>spread, exceedance or level high, residual not high</source>
        <translation>phân tán, vượt ngưỡng hoặc mức cao, phần dư không cao</translation>
    </message>
    <message>
        <source>up to {number}</source>
        <translation>đến {number}</translation>
    </message>
    <message>
        <source>{count} background rows</source>
        <translation>{count} dòng nền</translation>
    </message>
    <message>
        <source>{count} others together</source>
        <translation>gộp {count} yếu tố khác</translation>
    </message>
    <message>
        <source>{count} random cells of the stack (no layer of samples is loaded)</source>
        <translation>{count} ô ngẫu nhiên của chồng lớp (chưa nạp lớp mẫu nào)</translation>
    </message>
    <message>
        <source>{count} training rows of &apos;{layer}&apos;</source>
        <translation>{count} dòng huấn luyện của &apos;{layer}&apos;</translation>
    </message>
    <message>
        <source>{layer}, cell</source>
        <translation>{layer}, ô lưới</translation>
    </message>
    <message>
        <source>{layer}, point at {distance} m</source>
        <translation>{layer}, điểm cách {distance} m</translation>
    </message>
    <message>
        <source>{layer}: by date</source>
        <translation>{layer}: theo ngày</translation>
    </message>
    <message>
        <source>{low} to {high}</source>
        <translation>{low} đến {high}</translation>
    </message>
    <message>
        <source>{low} to {high} mm since {date}</source>
        <translation>{low} đến {high} mm kể từ {date}</translation>
    </message>
    <message>
        <source>{low} to {high} mm/yr</source>
        <translation>{low} đến {high} mm/yr</translation>
    </message>
    <message>
        <source>{meaning} No target lies across a border between two parts.</source>
        <translation>{meaning} Không có mục tiêu nào nằm vắt qua ranh giới giữa hai tập con.</translation>
    </message>
    <message>
        <source>{number} and less</source>
        <translation>{number} trở xuống</translation>
    </message>
    <message>
        <source>{number} and less since {date}</source>
        <translation>{number} trở xuống kể từ {date}</translation>
    </message>
    <message>
        <source>{number} and more</source>
        <translation>{number} trở lên</translation>
    </message>
    <message>
        <source>{number} and more since {date}</source>
        <translation>{number} trở lên kể từ {date}</translation>
    </message>
    <message>
        <source>{percent} % interval</source>
        <translation>khoảng dự báo {percent} %</translation>
    </message>
    <message>
        <source>{value} ({low} to {high}, members: {count})</source>
        <translation>{value} ({low} đến {high}, số thành viên: {count})</translation>
    </message>
    <message>
        <source>{value} {unit} on {date}</source>
        <translation>{value} {unit} vào ngày {date}</translation>
    </message>
    <message>
        <source>Coordinates: {system}</source>
        <translation>Tọa độ: {system}</translation>
    </message>
    <message>
        <source>No data</source>
        <translation>Không có dữ liệu</translation>
    </message>
    <message>
        <source>One raster for each factor that is not made from elevation or bands, wells with the groundwater level (wells.gpkg) and the trace of a fault (fault.gpkg): with the elevation model, this is what a study begins with. Empty: no such layers.</source>
        <translation>Một raster cho mỗi yếu tố không được tạo từ độ cao hay các kênh ảnh, các giếng kèm mực nước dưới đất (wells.gpkg) và vết đứt gãy (fault.gpkg): cùng với mô hình độ cao, đây là dữ liệu ban đầu của một nghiên cứu. Để trống: không tạo các lớp này.</translation>
    </message>
    <message>
        <source>east</source>
        <translation>hướng đông</translation>
    </message>
    <message>
        <source>line of sight</source>
        <translation>hướng nhìn</translation>
    </message>
    <message>
        <source>north</source>
        <translation>hướng bắc</translation>
    </message>
    <message>
        <source>vertical</source>
        <translation>phương thẳng đứng</translation>
    </message>
    <message>
        <source>{layer} ({component})</source>
        <translation>{layer} ({component})</translation>
    </message>
    <message>
        <source>{title}: {value}</source>
        <translation>{title}: {value}</translation>
    </message>
    <message>
        <source>One A4 page of the visible layers, and one more for each map of forecast, residuals, uncertainty and deformation.</source>
        <translation>Một trang A4 của các lớp đang hiển thị và thêm một trang cho mỗi bản đồ dự báo, phần dư, độ bất định và biến dạng.</translation>
    </message>
    <message>
        <source>The dates play in QGIS&apos;s temporal controller. QGIS before 3.38 gets a group with one layer for each date (at most 160, evenly spaced), which is drawn while the controller is on.</source>
        <translation>Các ngày được phát trong bộ điều khiển thời gian của QGIS. QGIS trước 3.38 nhận một nhóm gồm mỗi ngày một lớp (nhiều nhất 160 lớp, cách đều nhau); nhóm này được vẽ khi bộ điều khiển thời gian đang bật.</translation>
    </message>
    <message>
        <source>Distances to faults, rivers or roads come from QGIS&apos;s own tool Proximity (raster distance). Set its nodata value to -1: with 0, its default, the cells on the line itself would have no data.</source>
        <translation>Khoảng cách đến đứt gãy, sông hoặc đường được tạo bằng công cụ có sẵn của QGIS là Proximity (raster distance). Hãy đặt giá trị nodata của công cụ này là -1: với giá trị mặc định 0, các ô nằm ngay trên đường sẽ không có dữ liệu.</translation>
    </message>
    <message>
        <source>Classify susceptibility (Jenks)</source>
        <translation>Phân cấp tính nhạy cảm (Jenks)</translation>
    </message>
    <message>
        <source>Distance of absence points from subsidence (map units)</source>
        <translation>Khoảng cách từ điểm không sụt lún đến sụt lún (đơn vị bản đồ)</translation>
    </message>
    <message>
        <source>Forecast from a past date</source>
        <translation>Dự báo từ một thời điểm trong quá khứ</translation>
    </message>
    <message>
        <source>Reclassify factors (Jenks)</source>
        <translation>Phân cấp lại các yếu tố (Jenks)</translation>
    </message>
    <message>
        <source>Residuals</source>
        <translation>Phần dư</translation>
    </message>
    <message>
        <source>Tune ResNet + Transformer</source>
        <translation>Tinh chỉnh ResNet + Transformer</translation>
    </message>
    <message>
        <source>Validate model</source>
        <translation>Kiểm định mô hình đã huấn luyện</translation>
    </message>
    <message>
        <source>The example project is open. Next:</source>
        <translation>Dự án ví dụ đã mở. Tiếp theo:</translation>
    </message>
    <message>
        <source>The folder {folder} has a file {name} already; choose an empty folder.</source>
        <translation>Thư mục {folder} đã có tệp {name}; hãy chọn một thư mục trống.</translation>
    </message>
    <message>
        <source>{title}: report</source>
        <translation>{title}: báo cáo</translation>
    </message>
</context>
</TS>
